"""Ports that are held: bound but never listening, for the whole life of the service that uses them.

With SO_REUSEADDR and SO_REUSEPORT both set on a socket that never listens, no ``bind(0)`` and no outgoing connection
can take the port, while a server that sets either option binds and serves it without knowing.

A fixed port is not protected by that: a hold binds silently over a SO_REUSEPORT listener or another hold. So it takes
a lock file first, then a look for a listener, then the hold.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket

from .processes import command, every_pid
from .refusal import Refused

LISTEN = b"0A"
EVERY_HOST = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared, not bound
MAPPED = "::ffff:"
"""What an IPv4 address begins with in a table of IPv6 sockets."""


class HeldPorts:
    """The ports of one run."""

    def __init__(self, lock_folder: str) -> None:
        """Hold nothing yet; lock files for fixed ports go to the folder given."""
        self._folder = lock_folder
        self._held: dict[tuple[str, int], list[int]] = {}

    def hold(self, host: str, port: int) -> int:
        """Hold a port (0: any free one) and return its number.

        Raises ``Refused`` (port-taken) for a fixed port that somebody uses, with pid and command where they can be
        read, and (bind) for a host that is not this machine's.
        """
        locks = [self._lock(host, port)] if port else []
        try:
            if port:
                _refuse_listener(host, port)
            holder = _bound(host, port)
        except Refused:
            for lock in locks:
                os.close(lock)
            raise
        number: int = holder.getsockname()[1]
        self._held[(host, number)] = [holder.detach(), *locks]
        return number

    def release(self, host: str, port: int) -> None:
        """Give a port back."""
        for descriptor in self._held.pop((host, port), []):
            os.close(descriptor)

    def _lock(self, host: str, port: int) -> int:
        os.makedirs(self._folder, mode=0o700, exist_ok=True)
        path = f"{self._folder}/{host}:{port}"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(descriptor, 32).decode()
            os.close(descriptor)
            raise _taken(host, port, int(owner) if owner.isdigit() else 0) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        return descriptor


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    holder = socket.socket(family, socket.SOCK_STREAM)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        holder.bind((host, port))
    except OSError as error:
        holder.close()
        if error.errno == errno.EADDRINUSE:
            raise _taken(host, port, 0) from None
        raise Refused("bind", f"cannot bind {host}:{port}: {error.strerror}") from None
    return holder


def _refuse_listener(host: str, port: int) -> None:
    """Raise if somebody listens on the port where a server on this host would."""
    for inode, address in listeners():
        if address[1] == port and overlap(address[0], host):
            raise _taken(host, port, _owner_of(inode))


def overlap(one: str, other: str) -> bool:
    """Say whether servers on these two hosts would meet: they are the same, or either is every host."""
    return one.removeprefix(MAPPED) == other.removeprefix(MAPPED) or not EVERY_HOST.isdisjoint({one, other})


def _taken(host: str, port: int, pid: int) -> Refused:
    line = command(pid) if pid else ""
    owner = f"pid {pid} ({line})" if pid else "a process that this user may not see"
    return Refused("port-taken", f"{host}:{port} is in use by {owner}", host=host, port=port, pid=pid, command=line)


def listeners() -> list[tuple[int, tuple[str, int]]]:
    """Return the inode and address of every listening TCP socket of this machine."""
    found = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(table, "rb") as file:
                rows = file.read().splitlines()[1:]
        except OSError:
            continue
        found += [(int(words[9]), _address(words[1])) for words in map(bytes.split, rows) if words[3] == LISTEN]
    return found


def _address(text: bytes) -> tuple[str, int]:
    """Read ``0100007F:1F90``: words in the machine's byte order, then the port."""
    digits, _, port = text.partition(b":")
    raw = bytes.fromhex(digits.decode())
    turned = b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4))
    family = socket.AF_INET if len(turned) == 4 else socket.AF_INET6
    return socket.inet_ntop(family, turned), int(port, 16)


def _owner_of(inode: int) -> int:
    return next((pid for pid in every_pid() if inode in sockets_of(pid)), 0)


def sockets_of(pid: int) -> set[int]:
    """Return the inodes of the sockets that a process has open, as far as this user may see them."""
    folder = f"/proc/{pid}/fd"
    found: set[int] = set()
    try:
        names = os.listdir(folder)
    except OSError:
        return found
    for name in names:
        try:
            target = os.readlink(f"{folder}/{name}")
        except OSError:
            continue
        if target.startswith("socket:["):
            found.add(int(target[8:-1]))
    return found


def addresses_of(pids: list[int]) -> list[tuple[str, int]]:
    """Return the addresses at which any of these processes listens."""
    open_sockets = set().union(*(sockets_of(pid) for pid in pids)) if pids else set()
    return [address for inode, address in listeners() if inode in open_sockets]
