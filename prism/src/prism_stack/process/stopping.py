"""SIGTERM and SIGINT begin a drain; a second one ends the program at once. SIGQUIT has it tell what it does."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable
from typing import Self

from prism_stack.process import dump

SIGNALS = (signal.SIGTERM, signal.SIGINT)
BY_SIGNAL = 128
"""What a shell adds to a signal's number for the exit code of who died of it."""


class Stop:
    """Whether the program was asked to stop.

    The numbers arrive on a socket and are read by a thread of its own: a handler in Python runs only when the main
    thread gets to it, and may find that thread inside the very lock that it wants.
    """

    def __init__(
        self, end_at_once: Callable[[int], object] = os._exit, tell: Callable[[], object] = lambda: None
    ) -> None:
        self.asked = threading.Event()
        self._end_at_once = end_at_once
        self._tell = tell
        self._receiver, self._sender = socket.socketpair()
        self._follower = threading.Thread(target=self.follow, name="signals", daemon=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Obey no more signals."""
        if signal.getsignal(SIGNALS[0]) is _heard:
            signal.set_wakeup_fd(-1)
        self._sender.close()
        if self._follower.is_alive():
            self._follower.join()
        self._receiver.close()

    def listen(self) -> None:
        """Take the signals of this process from now on; called once, from the main thread."""
        self._sender.setblocking(False)
        signal.set_wakeup_fd(self._sender.fileno(), warn_on_full_buffer=False)
        for number in (*SIGNALS, dump.SIGNAL):
            signal.signal(number, _heard)
        dump.listen()
        self._follower.start()

    def follow(self) -> None:
        """Obey each number that arrives, until the sending end is closed."""
        while number := self._receiver.recv(1):
            self.take(number[0])

    def take(self, number: int) -> None:
        """Obey one signal."""
        if number == dump.SIGNAL:
            self._tell()
        if number not in SIGNALS:
            return
        if self.asked.is_set():
            self._end_at_once(BY_SIGNAL + number)
        self.asked.set()

    def wait(self) -> None:
        """Return when the program is to stop."""
        self.asked.wait()


def _heard(*_: object) -> None:
    """Stand for a handler: the number has gone to the socket by then."""
