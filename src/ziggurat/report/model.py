"""What a failing test is told of, and which parts of it a reader wants first."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ziggurat.events import Event, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LAST_SHOWN = 40
"""Events at the end that are always shown: what went wrong stands there, and a screen holds them."""
AROUND = 2
"""Events shown before and after one that matters."""
MOST_LINES_OF_ONE = 3
"""Lines of one service that matter: the first error explains the next hundred."""
MOST_MATTERING = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFacts:
    """How a service is now, and what runs there."""

    name: str
    state: str
    is_running: bool
    log: Path
    program: str = ""
    build_id: str = ""
    built_id: str | None = None
    """The build id of the file at the program's path by now; None where nobody has looked."""
    unread: int = 0
    """Bytes of its log of during the test that stand only in the file."""

    @property
    def is_rebuilt(self) -> bool:
        """Whether the test ran against another program than the one that stands at its path."""
        return bool(self.build_id) and self.built_id not in {None, self.build_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """What happened during one test, in the order of time."""

    test: str
    began: int
    """Monotonic nanoseconds."""
    events: tuple[Event, ...]
    services: tuple[ServiceFacts, ...]

    def seconds(self, event: Event) -> float:
        """Return when an event was, in seconds since the test began."""
        return (event.at - self.began) / 1e9


@dataclass(frozen=True, slots=True)
class Fold:
    """Events that are not shown."""

    counts: tuple[tuple[str, int], ...]
    """Sources and their numbers of events, the most first."""

    @property
    def total(self) -> int:
        """How many they are."""
        return sum(count for _, count in self.counts)


def in_order(events: Iterable[Event]) -> tuple[Event, ...]:
    """Return events by time; at one time what a service wrote comes before its end."""
    return tuple(sorted(events, key=lambda event: (event.at, event.kind is not Kind.LINE)))


def mattering(events: Sequence[Event]) -> list[Event | Fold]:
    """Return what a reader wants first: a few of the beginning and a few of the end where there is much of it."""
    seen: Counter[str] = Counter()
    found: list[Event] = []
    for event in events:
        if not event.matters:
            continue
        if event.kind is Kind.LINE:
            seen[event.source] += 1
            if seen[event.source] > MOST_LINES_OF_ONE:
                continue
        found.append(event)
    if len(found) <= MOST_MATTERING:
        return list(found)
    half = MOST_MATTERING // 2
    return [*found[:half], _folded(found[half:-half]), *found[-half:]]


def folded(events: Sequence[Event]) -> list[Event | Fold]:
    """Return the last events and those around what matters; the others folded."""
    shown = set(range(max(0, len(events) - LAST_SHOWN), len(events)))
    first_ones = {id(event) for event in mattering(events)}
    for index, event in enumerate(events):
        if id(event) in first_ones:
            shown.update(range(max(0, index - AROUND), min(len(events), index + AROUND + 1)))
    rows: list[Event | Fold] = []
    hidden: list[Event] = []
    for index, event in enumerate(events):
        if index not in shown:
            hidden.append(event)
            continue
        if hidden:
            rows.append(_folded(hidden))
            hidden = []
        rows.append(event)
    return rows


def _folded(events: Sequence[Event]) -> Fold:
    return Fold(tuple(Counter(event.source for event in events).most_common()))
