"""Where a link is entered: a listener that can also be away, or full.

A full one answers no SYN, so that a caller's ``connect`` hangs as if its packets were lost: the queue of connections
that nobody has accepted yet is cut to its least and filled up by connections of its own.
"""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING

from ziggurat.relay.shape import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator

BACKLOG = 128
QUEUE = struct.Struct("=24xII")
"""In the ``tcp_info`` of a listener: how many wait to be accepted, and how many may before the next is dropped."""
FILLER_SECONDS = 1.0


class Door:
    """The listener of a link."""

    def __init__(self, host: str, port: int) -> None:
        """Listen at an address whose port somebody holds, so that it can be left and taken again."""
        self._address = (host, port)
        self._family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._fillers: list[socket.socket] = []
        self._own: set[object] = set()
        self.listener: socket.socket | None = self._listen()

    def callers(self) -> Iterator[socket.socket]:
        """Yield the connections that wait; none while the door is full or away."""
        while self.listener and not self._fillers:
            try:
                caller, address = self.listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            if address in self._own:
                self._own.remove(address)
                caller.close()
            else:
                yield caller

    def become(self, entry: Entry) -> None:
        """Be open, full or away; whoever waits must have been accepted before."""
        if entry is Entry.REFUSED:
            self._leave()
            return
        self.listener = self.listener or self._listen()
        if entry is Entry.LOST:
            self._fill(self.listener)
        elif self._fillers:
            self._empty(self.listener)

    def _listen(self) -> socket.socket:
        listener = socket.socket(self._family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(self._address)
        listener.listen(BACKLOG)
        return listener

    def _leave(self) -> None:
        if self.listener:
            self.listener.close()
        self.listener = None
        self._forget_fillers()
        self._own.clear()

    def _fill(self, listener: socket.socket) -> None:
        listener.listen(0)
        while not is_full(listener):
            filler = socket.socket(self._family, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
            self._fillers.append(filler)
            filler.settimeout(FILLER_SECONDS)
            try:
                filler.connect(self._address)
            except TimeoutError:
                # A caller was quicker and took the last place.
                return
            self._own.add(filler.getsockname())

    def _empty(self, listener: socket.socket) -> None:
        listener.listen(BACKLOG)
        self._forget_fillers()

    def _forget_fillers(self) -> None:
        for filler in self._fillers:
            filler.close()
        self._fillers.clear()


def is_full(listener: socket.socket) -> bool:
    """Say whether the kernel drops the next SYN."""
    waiting, most = QUEUE.unpack(listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, QUEUE.size))
    return bool(waiting > most)
