"""One connection through a link: two sockets, and between them a lane in each way.

connecting ── target answers ──> open ── both ways have ended ──> closed
     │                             │
     └──── target refuses ─────────┴──── either end resets ─────> closed, the other end reset
"""

from __future__ import annotations

import errno
import select
import socket
import struct
from typing import TYPE_CHECKING

from ziggurat.relay.lane import Lane, Mark
from ziggurat.relay.shape import Shape, Way

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from ziggurat.relay.traffic import Traffic

NO_TIME = struct.pack("ii", 1, 0)
READ, WRITE = select.EPOLLIN, select.EPOLLOUT


class Stream:
    """One way of a connection."""

    def __init__(self, way: Way, source: socket.socket, sink: socket.socket, lane: Lane, traffic: Traffic) -> None:
        """Carry what comes from ``source`` to ``sink``."""
        self.way = way
        self.lane = lane
        self.source = source
        self.sink = sink
        self.heard_all = False
        self.told_all = False
        self.is_blocked = False
        self._traffic = traffic

    def read(self, now: int) -> None:
        """Take one piece, if one is there and has room."""
        if self.heard_all or not self.lane.has_room(now):
            return
        try:
            data = self.source.recv(self.lane.shape.piece)
        except BlockingIOError:
            return
        except OSError:
            self.break_off(now)
            return
        self.heard_all = not data
        self.lane.take(data or Mark.END, now)
        if self.lane.shape.delays:
            self._traffic.delayed(self.way)

    def break_off(self, now: int) -> None:
        """Take note that the source has reset the connection."""
        self.heard_all = True
        self.lane.take(Mark.RESET, now)

    def write(self, now: int) -> Mark | None:
        """Pass on what has arrived; return the mark that ends the way, if that has."""
        self.is_blocked = False
        while (cargo := self.lane.arrived(now)) is not None:
            if isinstance(cargo, Mark):
                self.lane.drop(0)
                return cargo
            try:
                sent = self.sink.send(cargo)
            except BlockingIOError:
                self.is_blocked = True
                return None
            self.lane.drop(sent)
            self._traffic.passed(self.way, sent)
        return None


class Pair:
    """A connection, from its acceptance to its end."""

    def __init__(self, caller: socket.socket, target: tuple[str, int], traffic: Traffic, dice: Random) -> None:
        """Connect to the target on behalf of the caller."""
        family = socket.AF_INET6 if ":" in target[0] else socket.AF_INET
        self.caller = caller
        self.target = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        for end in (self.caller, self.target):
            end.setblocking(False)
            # What was one write of the caller must not wait here for the next one.
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.is_open = False
        self.is_over = False
        self._traffic = traffic
        self._streams = (
            Stream(Way.THERE, self.caller, self.target, Lane(dice), traffic),
            Stream(Way.BACK, self.target, self.caller, Lane(dice), traffic),
        )
        if self.target.connect_ex(target) not in {0, errno.EINPROGRESS}:
            self._end_by_reset()

    def reshape(self, shapes: Mapping[Way, Shape], now: int) -> None:
        """Pass on as these shapes say from now on."""
        for stream in self._streams:
            stream.lane.reshape(shapes[stream.way], now)

    def turn(self, now: int) -> None:
        """Pass on whatever can be passed on now."""
        if not self.is_open and not self.is_over:
            self._see_connected()
        if not self.is_open:
            return
        for stream, opposite in (self._streams, self._streams[::-1]):
            if self.is_over:
                return
            stream.read(now)
            self._pass_on(stream, opposite, now)

    def reset(self) -> None:
        """Reset both ends, and count it."""
        if not self.is_over:
            self._traffic.reset += 1
            self._end_by_reset()

    def close(self) -> None:
        """Close both ends of a connection that is over, once nobody waits for them."""
        self.caller.close()
        self.target.close()

    def wants(self, now: int) -> dict[socket.socket, int]:
        """Return for each end the events of epoll that it is to be woken for."""
        if not self.is_open:
            return {self.target: WRITE}
        events = dict.fromkeys((self.caller, self.target), 0)
        for stream in self._streams:
            if not stream.heard_all and stream.lane.has_room(now):
                events[stream.source] |= READ
            if stream.is_blocked and not stream.lane.shape.stopped:
                events[stream.sink] |= WRITE
        return events

    def next_at(self, now: int) -> int | None:
        """Return the moment at which a turn is due without anything happening at its ends."""
        return min((at for stream in self._streams for at in _moments(stream, now)), default=None)

    def _see_connected(self) -> None:
        if self.target.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self._end_by_reset()
            return
        try:
            self.target.getpeername()
        except OSError:
            return
        self.is_open = True

    def _pass_on(self, stream: Stream, opposite: Stream, now: int) -> None:
        if stream.told_all:
            return
        try:
            mark = stream.write(now)
        except OSError:
            # The sink is gone; whoever is at the source learns of it as of anything that comes back.
            stream.told_all = stream.heard_all = True
            opposite.break_off(now)
            return
        if mark is Mark.RESET:
            self._end_by_reset()
        elif mark is Mark.END:
            stream.told_all = True
            _end_writing(stream.sink)
            if opposite.told_all:
                self._end()

    def _end_by_reset(self) -> None:
        for end in (self.caller, self.target):
            reset_on_close(end)
        self._end()

    def _end(self) -> None:
        self.is_open, self.is_over = False, True


def reset_on_close(end: socket.socket) -> None:
    """Have the kernel throw away what is unsent and send RST instead of FIN when the socket is closed."""
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_TIME)


def _moments(stream: Stream, now: int) -> list[int]:
    moments = []
    arrival = stream.lane.next_at()
    if arrival is not None and not stream.is_blocked and not stream.told_all:
        moments.append(arrival)
    if not stream.heard_all and stream.lane.shape.rate and not stream.lane.has_room(now):
        moments.append(stream.lane.room_at())
    return moments


def _end_writing(sink: socket.socket) -> None:
    try:
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        # It was reset meanwhile, which its other way tells.
        return
