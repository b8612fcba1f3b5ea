"""What the faults of a link make of it: pure functions on frozen values."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

NANO = 1_000_000_000
CHUNK = 65536
STEPS_PER_SECOND = 100
"""A throttled way passes so many pieces a second: finer ones cost more than they show."""


class Way(enum.StrEnum):
    """A direction of a link."""

    THERE = "there"
    """From who connects to who is connected to."""
    BACK = "back"


class Kind(enum.StrEnum):
    """What a fault does."""

    SLOW = "slow"
    THROTTLE = "throttle"
    CUT = "cut"
    RESET = "reset"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault of a link."""

    kind: Kind
    ways: frozenset[Way] = frozenset(Way)
    latency: float = 0.0
    """Seconds."""
    jitter: float = 0.0
    """Seconds, at most so much less or more than the latency."""
    rate: int = 0
    """Bytes a second."""
    seed: int = 0
    """What the jitter's dice begin with."""

    def as_message(self) -> dict[str, object]:
        """Return the fault as it travels."""
        return {
            "kind": self.kind.value,
            "ways": sorted(way.value for way in self.ways),
            "latency": self.latency,
            "jitter": self.jitter,
            "rate": self.rate,
            "seed": self.seed,
        }

    @classmethod
    def from_message(cls, message: Mapping[str, Any]) -> Fault:
        """Read a fault that travelled; raise ``ValueError`` or ``KeyError`` for what is none."""
        return cls(
            kind=Kind(message["kind"]),
            ways=frozenset(map(Way, message["ways"])),
            latency=float(message["latency"]),
            jitter=float(message["jitter"]),
            rate=int(message["rate"]),
            seed=int(message["seed"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How one way of a link passes bytes on."""

    latency: int = 0
    """Nanoseconds."""
    jitter: int = 0
    """Nanoseconds."""
    rate: int = 0
    """Bytes a second; 0 for as fast as it goes."""
    stopped: bool = False
    """Nothing is taken and nothing arrives, as if every packet were lost."""

    @property
    def delays(self) -> bool:
        """Whether what is taken now arrives later than it could."""
        return bool(self.latency or self.jitter or self.rate)

    @property
    def piece(self) -> int:
        """The bytes to take at a time."""
        return max(1, min(CHUNK, self.rate // STEPS_PER_SECOND)) if self.rate else CHUNK


class Entry(enum.Enum):
    """What becomes of a new connection."""

    OPEN = enum.auto()
    RESET = enum.auto()
    """It is accepted and reset."""
    LOST = enum.auto()
    """It is not answered: the caller's ``connect`` hangs, as if its packets were lost."""
    REFUSED = enum.auto()
    """Nobody listens."""


def shape_of(faults: Collection[Fault], way: Way) -> Shape:
    """Return what all faults together make of a way: latencies add up, the lowest rate holds."""
    here = [fault for fault in faults if way in fault.ways]
    return Shape(
        latency=sum(round(fault.latency * NANO) for fault in here),
        jitter=sum(round(fault.jitter * NANO) for fault in here),
        rate=min((fault.rate for fault in here if fault.kind is Kind.THROTTLE), default=0),
        stopped=any(fault.kind is Kind.CUT for fault in here),
    )


def entry_of(faults: Collection[Fault]) -> Entry:
    """Return what becomes of new connections; a packet lost in either way is enough for one not to come about."""
    kinds = {fault.kind for fault in faults}
    if Kind.REFUSE in kinds:
        return Entry.REFUSED
    if Kind.CUT in kinds:
        return Entry.LOST
    return Entry.RESET if Kind.RESET in kinds else Entry.OPEN
