"""One client of the keeper: what it asks, and what is still to be sent to it."""

from __future__ import annotations

from .wire import Lines, encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from .loop import Loop

CHUNK = 65536
UNREAD = 1 << 20  # bytes: further events for a client that reads none are dropped, and it is told how many


class Connection:
    """A socket without blocking in either direction."""

    def __init__(self, end: socket.socket, loop: Loop, handle: Callable[[Connection, dict[str, object]], None]) -> None:
        """Read requests from now on and hand each to ``handle``."""
        self.wants_events = False
        self.when_closed: Callable[[Connection], None] = lambda _: None
        self._end = end
        self._loop = loop
        self._handle = handle
        self._lines = Lines()
        self._unsent = b""
        self._blocked = False
        self._corked = False
        self._missed = 0
        self._open = True
        end.setblocking(False)
        loop.watch(end.fileno(), self._readable)

    def send(self, message: dict[str, object]) -> None:
        """Send a message, now or as soon as the client reads.

        While the client's own requests are handled, what they bring about waits for the last of them: each sending
        would wake the client, at the cost of the programs that it asks to start.
        """
        if self._open:
            self._unsent += encode(message)
            if not self._corked:
                self._flush()

    def tell(self, event: dict[str, object]) -> None:
        """Send an event, unless the client is too far behind."""
        if len(self._unsent) > UNREAD:
            self._missed += 1
            return
        self.send({**event, "missed": self._missed} if self._missed else event)
        self._missed = 0

    def close(self) -> None:
        """Close the socket and say so once."""
        if not self._open:
            return
        self._open = False
        self._loop.forget(self._end.fileno())
        self._end.close()
        self.when_closed(self)

    def drain(self, seconds: float) -> None:
        """Send what is unsent, waiting at most so long: used right before the keeper ends."""
        if self._open and self._unsent:
            self._end.settimeout(seconds)
            try:
                self._end.sendall(self._unsent)
                self._unsent = b""
            except OSError:
                self.close()

    def _readable(self) -> None:
        if self._unsent:
            self._flush()
        try:
            data = self._end.recv(CHUNK)
        except BlockingIOError:
            return
        except ConnectionError:
            data = b""
        if not data:
            self.close()
            return
        try:
            requests = self._lines.feed(data)
        except ValueError:
            # Whoever sends what is no request cannot be answered either.
            self.close()
            return
        self._corked = True
        for request in requests:
            self._handle(self, request)
        self._corked = False
        if self._open and self._unsent:
            self._flush()

    def _flush(self) -> None:
        try:
            sent = self._end.send(self._unsent)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.close()
            return
        self._unsent = self._unsent[sent:]
        if self._blocked != bool(self._unsent):
            self._blocked = bool(self._unsent)
            self._loop.watch(self._end.fileno(), self._readable, writable=self._blocked)
