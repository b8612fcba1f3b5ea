"""One way of one connection: what is on its way, and when it arrives."""

from __future__ import annotations

import enum
from collections import deque
from typing import TYPE_CHECKING

from ziggurat.relay.shape import NANO, Shape

if TYPE_CHECKING:
    from random import Random

WINDOW = 4 << 20
"""Bytes on their way at most; a real line holds no more than its rate times its latency either."""
AHEAD = NANO // 10
"""A throttled line takes no more than it passes in so many nanoseconds."""


class Mark(enum.Enum):
    """What ends a way."""

    END = enum.auto()
    RESET = enum.auto()


Cargo = bytes | Mark


class Lane:
    """Takes bytes and gives them out when they have arrived, in order; it knows no socket and no clock."""

    def __init__(self, dice: Random) -> None:
        """Begin empty; ``dice`` decide the jitter."""
        self.shape = Shape()
        self._dice = dice
        self._queue: deque[tuple[int, Cargo]] = deque()
        self._size = 0
        self._line_free_at = 0
        self._latest = 0

    def __bool__(self) -> bool:
        """Say whether anything is on its way."""
        return bool(self._queue)

    def has_room(self, now: int) -> bool:
        """Say whether more may be taken."""
        if self.shape.stopped or self._size >= WINDOW:
            return False
        return not self.shape.rate or self._line_free_at - now < AHEAD

    def room_at(self) -> int:
        """Return when a throttled line has room again."""
        return self._line_free_at - AHEAD

    def take(self, cargo: Cargo, now: int) -> None:
        """Send something on its way."""
        length = len(cargo) if isinstance(cargo, bytes) else 0
        self._line_free_at = max(now, self._line_free_at)
        if self.shape.rate:
            self._line_free_at += length * NANO // self.shape.rate
        # A stream keeps its order: what is lucky with its jitter waits for what was sent before.
        self._latest = max(self._latest, self._line_free_at + self._delay())
        self._queue.append((self._latest, cargo))
        self._size += length

    def arrived(self, now: int) -> Cargo | None:
        """Return what comes out next, if it has arrived; it stays until it is dropped."""
        if self.shape.stopped or not self._queue or self._queue[0][0] > now:
            return None
        return self._queue[0][1]

    def drop(self, length: int) -> None:
        """Take out what was passed on: a mark, or so many bytes."""
        at, cargo = self._queue.popleft()
        if isinstance(cargo, bytes):
            self._size -= length
            if length < len(cargo):
                self._queue.appendleft((at, cargo[length:]))

    def next_at(self) -> int | None:
        """Return when the next thing arrives; None where nothing is on its way or nothing arrives."""
        return None if self.shape.stopped or not self._queue else self._queue[0][0]

    def reshape(self, shape: Shape, now: int) -> None:
        """Pass on as this shape says; what a lifted fault delayed arrives at once."""
        lifted = shape.latency < self.shape.latency or (self.shape.rate and not 0 < shape.rate <= self.shape.rate)
        self.shape = shape
        if lifted:
            self._queue = deque((min(at, now), cargo) for at, cargo in self._queue)
            self._latest = self._line_free_at = now

    def _delay(self) -> int:
        spread = self.shape.jitter
        swing = self._dice.randint(-spread, spread) if spread else 0
        return max(0, self.shape.latency + swing)
