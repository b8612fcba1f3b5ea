"""Listeners that a program is handed at its start: fresh sockets, bound beside the held ones.

The keeper's own copies are closed as soon as the program has its own, so that a dead service refuses its callers
instead of letting them wait for nobody.
"""

from __future__ import annotations

import fcntl
import os
import socket

from .refusal import Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    Action = tuple[int, int, int]

FIRST = 3  # SD_LISTEN_FDS_START: the number of the first one in the program
BACKLOG = 128


class Listeners:
    """The listeners of one start of a service."""

    def __init__(self, places: Iterable[tuple[str, str, int]]) -> None:
        """Listen at each place, given as name, host and port.

        Raises ``Refused`` (bind) where somebody else listens there.
        """
        self._names: list[str] = []
        self._descriptors: list[int] = []
        try:
            for name, host, port in places:
                self._descriptors.append(_listening(host, port))
                self._names.append(name)
        except BaseException:
            self.close()
            raise

    def __bool__(self) -> bool:
        """Say whether there are any."""
        return bool(self._names)

    def variables(self) -> dict[str, str]:
        """Return what the program is told of them; LISTEN_PID only the process itself can know."""
        return {"LISTEN_FDS": str(len(self._names)), "LISTEN_FDNAMES": ":".join(self._names)} if self._names else {}

    def actions(self) -> list[Action]:
        """Return the file actions that put them where the program expects them."""
        above = FIRST + len(self._descriptors)
        # One of them might lie where another is to be put.
        self._descriptors = [_moved(descriptor, above) for descriptor in self._descriptors]
        return [(os.POSIX_SPAWN_DUP2, descriptor, FIRST + at) for at, descriptor in enumerate(self._descriptors)]

    def close(self) -> None:
        """Close this process's copies."""
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors = []


def _listening(host: str, port: int) -> int:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise Refused("bind", f"cannot listen on {host}:{port}: {error.strerror}") from None
    return listener.detach()


def _moved(descriptor: int, above: int) -> int:
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, above)
    os.close(descriptor)
    return moved
