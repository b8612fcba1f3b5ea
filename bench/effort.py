"""How much time a measurement may take."""

from __future__ import annotations

from dataclasses import dataclass

FEWEST = 3
"""Rounds below which a median says nothing."""
SHORTER = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """What was asked for on the command line."""

    asked: int | None = None
    short: bool = False

    def rounds(self, usual: int) -> int:
        """Return the rounds of a measurement that usually takes so many."""
        if self.asked:
            return self.asked
        return max(FEWEST, usual // SHORTER) if self.short else usual

    def amount(self, usual: int) -> int:
        """Return how much to do within one round, in whatever unit."""
        return usual // SHORTER if self.short else usual
