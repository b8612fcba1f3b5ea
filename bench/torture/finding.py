"""What came of trying to break a promise in one way."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the campaign's table."""

    trial: str
    tried: str
    """How often, or how much."""
    measured: str
    goal: str
    broken: tuple[str, ...] = ()
    """Each time that the promise was not kept: what was seen, and the command that plays it again."""

    @property
    def verdict(self) -> str:
        """Say whether the promise was kept."""
        return "BROKEN" if self.broken else "kept"
