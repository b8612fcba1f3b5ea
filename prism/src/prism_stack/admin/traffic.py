"""What the messenger has under way, and what waits for whom; and the order in which it hears of things."""

from __future__ import annotations

import heapq
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import count
from queue import PriorityQueue
from typing import Generic, TypeVar

from prism_stack.admin.model import PeerKey, PlacementKey

Event = TypeVar("Event")


class Rank(IntEnum):
    """What is heard of first; within a rank, what came first."""

    END = 0
    """Nothing matters after that."""
    AWAITED = 1
    """Ends of calls, and what somebody waits for."""
    OTHER = 2
    """A move may bring thousands of these."""


class Inbox(Generic[Event]):
    """Events from any thread, for one that takes them."""

    def __init__(self) -> None:
        self._queue: PriorityQueue[tuple[Rank, int, Event]] = PriorityQueue()
        self._numbers = count()

    def put(self, event: Event, rank: Rank) -> None:
        """Add an event."""
        self._queue.put((rank, next(self._numbers), event))

    def take(self, timeout: float | None) -> Event:
        """Return the next event; raise `queue.Empty` where none comes in time."""
        block = timeout is None or timeout > 0
        return self._queue.get(block=block, timeout=timeout)[2]


@dataclass(slots=True, kw_only=True)
class Traffic:
    """Calls, and names that wait for one."""

    under_way: set[PlacementKey] = field(default_factory=set)
    calls: Counter[PeerKey] = field(default_factory=Counter)
    waiting: defaultdict[PeerKey, OrderedDict[str, None]] = field(default_factory=lambda: defaultdict(OrderedDict))
    """Names in the order in which they are told, each once."""
    due: list[tuple[float, str]] = field(default_factory=list)
    is_due: set[str] = field(default_factory=set)

    def queue(self, peer: PeerKey, name: str, *, first: bool) -> None:
        """Let a name wait for room at a peer; behind the others, unless it is to be the first."""
        self.waiting[peer].setdefault(name)
        if first:
            self.waiting[peer].move_to_end(name, last=False)

    def put_off(self, name: str, moment: float) -> None:
        """Look at a namespace again at a moment, unless it is looked at before."""
        if name not in self.is_due:
            self.is_due.add(name)
            heapq.heappush(self.due, (moment, name))

    def take_due(self, now: float) -> Iterator[str]:
        """Yield the names whose moment has come."""
        while self.due and self.due[0][0] <= now:
            name = heapq.heappop(self.due)[1]
            self.is_due.discard(name)
            yield name
