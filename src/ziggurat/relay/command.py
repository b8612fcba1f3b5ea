"""A connection to a relay, over which a fault is asked for; the fault ends with it."""

from __future__ import annotations

import errno
import os
import socket
from typing import TYPE_CHECKING, Any

from ziggurat.errors import WorldError
from ziggurat.keeper.wire import Lines, encode
from ziggurat.relay.program import CONTROL

if TYPE_CHECKING:
    from pathlib import Path

ANSWER_SECONDS = 5.0


class Command:
    """A connection to the relay whose folder is given, made when something is asked first."""

    def __init__(self, folder: Path) -> None:
        """Take the relay's own folder."""
        self._folder = folder
        self._end: socket.socket | None = None
        self._lines = Lines()

    def ask(self, request: dict[str, object]) -> Any:  # noqa: ANN401 - each request has an answer of its own
        """Ask for something and return the answer; raise ``WorldError`` where the relay cannot do it or is gone."""
        try:
            self._end = self._end or _connected(self._folder)
            self._end.sendall(encode(request))
            while not (answers := self._lines.feed(self._received(self._end))):
                pass
        except OSError as error:
            message = f"the relay of the stack's links does not answer: {error.strerror or error}"
            raise WorldError(message) from error
        if "refused" in answers[0]:
            message = f"the relay of the stack's links could not do it: {answers[0]['refused']}"
            raise WorldError(message)
        return answers[0]["ok"]

    def close(self) -> None:
        """End it, and with it the fault that was asked for over it."""
        if self._end:
            self._end.close()

    def _received(self, end: socket.socket) -> bytes:
        data = end.recv(65536)
        if not data:
            raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
        return data


def _connected(folder: Path) -> socket.socket:
    """Connect to the control socket in a folder, whose path may be longer than that of a socket can be."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    end.settimeout(ANSWER_SECONDS)
    try:
        end.connect(f"/proc/self/fd/{descriptor}/{CONTROL}")
    except BaseException:
        end.close()
        raise
    finally:
        os.close(descriptor)
    return end
