"""The sockets of this machine by inode, as /proc/net tells of them."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

STATES = {
    "01": "ESTABLISHED",
    "02": "SYN_SENT",
    "03": "SYN_RECV",
    "04": "FIN_WAIT1",
    "05": "FIN_WAIT2",
    "06": "TIME_WAIT",
    "07": "CLOSE",
    "08": "CLOSE_WAIT",
    "09": "LAST_ACK",
    "0A": "LISTEN",
    "0B": "CLOSING",
}
LISTEN = "0A"


def sockets(net: Path = Path("/proc/net")) -> dict[str, str]:
    """Return what each socket is, in a few words, by its inode."""
    found: dict[str, str] = {}
    for name in ("tcp", "tcp6"):
        found |= dict(tcp(_read(net / name)))
    return found | dict(unix(_read(net / "unix")))


def tcp(table: str) -> Iterator[tuple[str, str]]:
    """Return inode and words for each row of /proc/net/tcp."""
    for row in table.splitlines()[1:]:
        fields = row.split()
        local, remote, state, queues, inode = fields[1], fields[2], fields[3], fields[4], fields[9]
        unsent, unread = (int(part, 16) for part in queues.split(":"))
        if state == LISTEN:
            waiting = f", {unread} connections wait to be accepted" if unread else ""
            yield inode, f"TCP {_address(local)} LISTEN{waiting}"
        else:
            stuck = "".join([f", {unread} bytes unread" * bool(unread), f", {unsent} bytes unsent" * bool(unsent)])
            yield inode, f"TCP {_address(local)} - {_address(remote)} {STATES.get(state, state)}{stuck}"


def unix(table: str) -> Iterator[tuple[str, str]]:
    """Return inode and words for each row of /proc/net/unix."""
    for row in table.splitlines()[1:]:
        fields = row.split()
        path = fields[7] if len(fields) > 7 else "without a name"  # noqa: PLR2004 - the eighth field is the path
        yield fields[6], f"Unix socket {path}"


def _address(text: str) -> str:
    host, _, port = text.partition(":")
    # Each group of four bytes is a number in the machine's order.
    packed = b"".join(struct.pack("=I", int(host[start : start + 8], 16)) for start in range(0, len(host), 8))
    plain = socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed)  # noqa: PLR2004 - bytes of IPv4
    shown = f"[{plain}]" if ip_address(plain).version == 6 else plain  # noqa: PLR2004 - of IPv6
    return f"{shown}:{int(port, 16)}"


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
