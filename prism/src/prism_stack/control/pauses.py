"""How long to wait before a peer is told again: the schedule is pure, and the clock is passed in."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A pause that doubles with each failure, up to a bound."""

    first: timedelta
    longest: timedelta

    def pause(self, failures: int) -> timedelta:
        """Return the pause after so many failures in a row."""
        # Bounded before it is shifted: thousands of failures must not make a number of thousands of bits.
        return min(self.first * (1 << min(failures - 1, 30)), self.longest)


PEER_AWAY = Schedule(first=timedelta(milliseconds=20), longest=timedelta(milliseconds=500))
"""As the process contract has it for a peer that is away."""
SAID_NO = Schedule(first=timedelta(milliseconds=50), longest=timedelta(seconds=5))
"""For what a peer that is there refused, or did not answer in time."""


@dataclass(slots=True)
class Pauses:
    """Who has failed how often, and until when each is left alone."""

    schedule: Schedule
    _failures: dict[Hashable, tuple[int, float]] = field(default_factory=dict)

    def fail(self, who: Hashable, now: float) -> None:
        """Note a failure."""
        failures = self.failures(who) + 1
        self._failures[who] = failures, now + self.schedule.pause(failures).total_seconds()

    def succeed(self, who: Hashable) -> None:
        """Forget what has failed."""
        self._failures.pop(who, None)

    def failures(self, who: Hashable) -> int:
        """Return how often it has failed in a row."""
        return self._failures.get(who, (0, 0.0))[0]

    def until(self, who: Hashable) -> float:
        """Return when it may be tried again; 0 for at once."""
        return self._failures.get(who, (0, 0.0))[1]
