"""The part of a failure report that tells what the services wrote during the test."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

LINES_SHOWN = 40
"""The last so many lines of each service: what went wrong stands at the end, and a screen holds them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogExcerpt:
    """What one service wrote during one test, and how it is now."""

    service: str
    state: str
    lines: tuple[str, ...]
    path: Path


def log_section(excerpts: list[LogExcerpt]) -> str:
    """Return the excerpts as text, the services that are not running first."""
    ordered = sorted(excerpts, key=lambda excerpt: (excerpt.state == "running", excerpt.service))
    return "\n".join(line for excerpt in ordered for line in _excerpt(excerpt))


def _excerpt(excerpt: LogExcerpt) -> list[str]:
    if not excerpt.lines:
        return [f"{excerpt.service} ({excerpt.state}) wrote nothing"]
    shown = excerpt.lines[-LINES_SHOWN:]
    folded = len(excerpt.lines) - len(shown)
    more = [f"  … {folded} earlier lines: {excerpt.path}"] if folded else []
    return [f"{excerpt.service} ({excerpt.state}) wrote:", *more, *(f"  | {line}" for line in shown)]
