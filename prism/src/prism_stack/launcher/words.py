"""What somebody else wrote, as it can be shown in a line of ours."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return a text as one line without anything that a terminal would obey."""
    return "".join(char if char.isprintable() else " " for char in text)
