"""The socket at which one service says that it is ready (systemd's sd_notify protocol)."""

from __future__ import annotations

import os
import socket
import struct

CREDENTIALS = struct.Struct("iII")
DATAGRAM = 8192


class NotifySocket:
    """A datagram socket of one service's own, so that no other service can answer for it."""

    def __init__(self, path: str) -> None:
        """Bind the socket; the kernel adds the sender's pid to each datagram."""
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        os.fchmod(self._socket.fileno(), 0o600)
        self._socket.bind(path)

    def fileno(self) -> int:
        """Return the descriptor to wait on."""
        return self._socket.fileno()

    def receive(self) -> tuple[int, dict[str, str]] | None:
        """Return the sender's pid and the assignments of one datagram, or None when there is no more."""
        room = socket.CMSG_SPACE(CREDENTIALS.size)
        try:
            data, ancillary, _, _ = self._socket.recvmsg(DATAGRAM, room)
        except BlockingIOError:
            return None
        pid = CREDENTIALS.unpack(ancillary[0][2])[0] if ancillary else 0
        return pid, parse(data)


class NotifySockets:
    """The notify sockets of a run; one that was given back is used again: on a disk its file costs a third of a spawn.

    What still comes for the service that had it is from a process that is not the next one's, and so is not believed.
    """

    def __init__(self, folder: str) -> None:
        """Make sockets in this folder, under names that are short however long the services' are."""
        self._folder = folder
        self._made = 0
        self._free: list[NotifySocket] = []

    def take(self) -> NotifySocket:
        """Return a socket that no service has, with nothing in it."""
        if self._free:
            return self._free.pop()
        self._made += 1
        return NotifySocket(f"{self._folder}/n{self._made}")

    def give_back(self, notify: NotifySocket) -> None:
        """Take a socket whose service has ended, with all that it left."""
        while notify.receive() is not None:
            pass
        self._free.append(notify)


def parse(data: bytes) -> dict[str, str]:
    """Return the ``NAME=value`` lines of a datagram; what is not one is left out."""
    pairs = (line.partition("=") for line in data.decode(errors="replace").split("\n"))
    return {name: value for name, sign, value in pairs if sign}
