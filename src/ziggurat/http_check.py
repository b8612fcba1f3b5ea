"""What an HTTP/1.1 server answers to one GET: enough of the protocol to know its status (RFC 9112, 4)."""

from __future__ import annotations

LONGEST_LINE = 4096
"""Bytes; a status line has a few dozen."""
SUCCESSES = range(200, 300)


class HttpCheck:
    """One GET on a connection of its own."""

    def __init__(self, path: str, authority: str) -> None:
        """Ask for a path at an authority (``host:port``)."""
        self._request = f"GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n".encode()
        self._received = b""

    def to_send(self) -> bytes:
        """Return the bytes to send now."""
        sent, self._request = self._request, b""
        return sent

    def receive(self, data: bytes) -> str | None:
        """Take bytes and return the status, such as ``HTTP 200``, or what came instead; None while it is not known."""
        self._received += data
        line, end, _ = self._received.partition(b"\n")
        if not end and len(self._received) < LONGEST_LINE and b"HTTP/1.".startswith(self._received[:7]):
            return None
        words = line.split()
        if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():  # noqa: PLR2004
            return f"it does not speak HTTP/1.1: {line.strip()[:80].decode(errors='replace')!r}"
        return f"HTTP {int(words[1])}"


def is_success(status: str) -> bool:
    """Say whether a status is one of success (2xx)."""
    return status.startswith("HTTP ") and int(status.removeprefix("HTTP ")) in SUCCESSES
