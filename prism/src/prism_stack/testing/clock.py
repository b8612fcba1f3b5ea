"""Time that passes when a test says so."""

from datetime import timedelta


class FakeClock:
    """A monotonic clock, for whatever takes a callable that tells the time."""

    def __init__(self) -> None:
        self._now = timedelta()

    def __call__(self) -> timedelta:
        """Return the time since the clock was made."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self._now += by
