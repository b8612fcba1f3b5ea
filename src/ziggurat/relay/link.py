"""A link: its door, the connections through it, and the faults that it has at this moment."""

from __future__ import annotations

import time
from random import Random
from typing import TYPE_CHECKING

from ziggurat.relay.door import Door
from ziggurat.relay.pair import Pair, reset_on_close
from ziggurat.relay.shape import NANO, Entry, Fault, Kind, Shape, Way, entry_of, shape_of
from ziggurat.relay.traffic import Traffic

if TYPE_CHECKING:
    import socket

    from ziggurat.keeper.loop import Loop, Timer


class Link:
    """Carries connections from its own address to another."""

    def __init__(self, listen: tuple[str, int], target: tuple[str, int], loop: Loop) -> None:
        """Serve from now on."""
        self.traffic = Traffic()
        self._target = target
        self._loop = loop
        self._door = Door(*listen)
        self._pairs: dict[Pair, tuple[int, Timer] | None] = {}
        self._faults: list[Fault] = []
        self._dice = Random(0)  # noqa: S311 - jitter, and one that can be had again
        self._watch_door()

    @property
    def open_connections(self) -> int:
        """How many connections go through it now."""
        return len(self._pairs)

    def add(self, fault: Fault) -> None:
        """Have a fault from now on."""
        if fault.jitter:
            self._dice.seed(fault.seed)
        self._change([*self._faults, fault])

    def drop(self, fault: Fault) -> None:
        """Have a fault no more."""
        left = list(self._faults)
        left.remove(fault)
        self._change(left)

    def _change(self, faults: list[Fault]) -> None:
        # Whoever came before the change is treated as one who came before it.
        self._accept()
        self._faults = faults
        now = time.monotonic_ns()
        for pair in list(self._pairs):
            if any(fault.kind is Kind.RESET for fault in faults):
                pair.reset()
            pair.reshape(self._shapes(), now)
            self._turn(pair)
        if self._door.listener:
            self._loop.forget(self._door.listener.fileno())
        self._door.become(entry_of(faults))
        self._watch_door()

    def _shapes(self) -> dict[Way, Shape]:
        return {way: shape_of(self._faults, way) for way in Way}

    def _watch_door(self) -> None:
        if self._door.listener and entry_of(self._faults) is not Entry.LOST:
            self._loop.watch(self._door.listener.fileno(), self._accept)

    def _accept(self) -> None:
        for caller in self._door.callers():
            self.traffic.accepted += 1
            if entry_of(self._faults) is Entry.RESET:
                self._send_away(caller)
                continue
            pair = Pair(caller, self._target, self.traffic, self._dice)
            self._pairs[pair] = None
            pair.reshape(self._shapes(), time.monotonic_ns())
            self._turn(pair)

    def _send_away(self, caller: socket.socket) -> None:
        """Reset a caller of whom the target never hears."""
        self.traffic.reset += 1
        reset_on_close(caller)
        caller.close()

    def _turn(self, pair: Pair) -> None:
        """Let a connection go on, and wait for what it needs next."""
        now = time.monotonic_ns()
        pair.turn(now)
        if pair.is_over:
            self._forget(pair)
            return
        for end, events in pair.wants(now).items():
            self._loop.watch_for(end.fileno(), lambda: self._turn(pair), events)
        self._wake(pair, pair.next_at(now), now)

    def _wake(self, pair: Pair, at: int | None, now: int) -> None:
        planned = self._pairs[pair]
        if planned and planned[0] == at:
            return
        if planned:
            planned[1].cancel()
        if at is None:
            self._pairs[pair] = None
        else:
            self._pairs[pair] = at, self._loop.after(max(0, at - now) / NANO, lambda: self._woken(pair))

    def _woken(self, pair: Pair) -> None:
        self._pairs[pair] = None
        self._turn(pair)

    def _forget(self, pair: Pair) -> None:
        planned = self._pairs.pop(pair)
        if planned:
            planned[1].cancel()
        for end in (pair.caller, pair.target):
            self._loop.forget(end.fileno())
        pair.close()
