"""The metadata by which keys go with what is ended: asked for, and counted in the answer."""

from __future__ import annotations

from collections.abc import Iterable

PURGE = (("x-prism-purge", "1"),)
"""With the end of a process: its namespace is deleted, and its keys are to go too."""
KEYS_REMOVED = "x-prism-keys-removed"


def asks_to_purge(metadata: Iterable[tuple[str, str | bytes]]) -> bool:
    """Say whether a caller wants the keys to go."""
    return PURGE[0] in set(metadata)


def number(metadata: Iterable[tuple[str, str | bytes]], name: str) -> int:
    """Return a number from metadata; 0 where there is none."""
    told = next((str(value) for key, value in metadata if key == name), "")
    return int(told) if told.isascii() and told.isdecimal() else 0
