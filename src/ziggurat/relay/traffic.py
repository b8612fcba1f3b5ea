"""What crossed a link: counters that only grow, so that the effect of a fault is a difference."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from ziggurat.relay.shape import Way


@dataclass(slots=True)
class Traffic:
    """The counters of one link."""

    accepted: int = 0
    """Connections."""
    reset: int = 0
    """Connections that were reset on purpose."""
    passed_there: int = 0
    """Bytes."""
    passed_back: int = 0
    delayed_there: int = 0
    """Pieces that were sent on their way while a fault delayed it."""
    delayed_back: int = 0

    def passed(self, way: Way, length: int) -> None:
        """Count bytes that arrived."""
        if way is Way.THERE:
            self.passed_there += length
        else:
            self.passed_back += length

    def delayed(self, way: Way) -> None:
        """Count a piece that arrives later than it could."""
        if way is Way.THERE:
            self.delayed_there += 1
        else:
            self.delayed_back += 1

    def as_message(self) -> dict[str, int]:
        """Return the counters as they travel."""
        return asdict(self)
