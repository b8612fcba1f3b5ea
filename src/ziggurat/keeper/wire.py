"""How keeper and toolkit talk: one JSON object a line, over a Unix socket.

A request is ``{"id": n, "do": name, …}``; its answer ``{"id": n, "ok": …}`` or ``{"id": n, "refused": {"kind": …,
"message": …, …}}``. What happens by itself is sent to every connection that asked for it as
``{"event": kind, "service": name, "at": monotonic_ns, …}``.
"""

from __future__ import annotations

import json

VERSION = 1

_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
_decode = json.JSONDecoder().raw_decode
"""Spares what ``json.loads`` does to learn how bytes are encoded: both sides decode while programs start."""


class Lines:
    """Turn the bytes of a stream into the messages that they carry."""

    def __init__(self) -> None:
        """Start with no bytes."""
        self._rest = b""

    def feed(self, data: bytes) -> list[dict[str, object]]:
        """Return the messages that these bytes complete; raise ``ValueError`` for a line that is none."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        return [_message(line) for line in whole]


def _message(line: bytes) -> dict[str, object]:
    text = line.decode().strip()
    message, end = _decode(text)
    if end != len(text):
        raise ValueError(f"no message: {end} characters of one, and more behind it")
    if not isinstance(message, dict):
        raise ValueError(f"no message but {type(message).__name__}")  # noqa: TRY004 - as what is no JSON at all
    return message


def encode(message: dict[str, object]) -> bytes:
    """Return a message as its line."""
    return _encode(message).encode() + b"\n"
