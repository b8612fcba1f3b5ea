"""Unary gRPC calls over one HTTP/2 connection, written by hand: no gRPC library, no waiting, no sockets.

The bytes follow RFC 9113 (frames), RFC 7541 (header compression: every field is sent as a literal that is not
indexed) and the gRPC over HTTP/2 protocol. Of an answer only what tells its outcome is read: the message of the first
DATA frame, or the ``grpc-status`` of the trailers.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY = 0, 1, 3, 4, 6, 7
END_STREAM, END_HEADERS, ACK, PADDED = 0x1, 0x4, 0x1, 0x8
FRAME_HEAD = 9
MESSAGE_HEAD = 5

GRPC_STATUS_PLAIN = b"grpc-status"
GRPC_STATUS_HUFFMAN = bytes.fromhex("9acac8b21234da8f")
"""``grpc-status`` in the code of RFC 7541, appendix B."""
SHORTEST_CODE = 5
SHORT_DIGITS = 3
"""0, 1 and 2 have codes of five bits; 3 to 9 of six, from 0b011001 on."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of a call: a message, a gRPC status, or why there is neither."""

    message: bytes | None = None
    status: int | None = None
    problem: str = ""


class UnaryCalls:
    """The protocol state of one connection; one call at a time."""

    def __init__(self, path: str, authority: str) -> None:
        """Call a method (``/package.Service/Method``) at an authority (``host:port``)."""
        self._path = path
        self._authority = authority
        self._stream = -1
        self._received = b""
        self._body = b""
        self._to_send = PREFACE + frame(SETTINGS, 0, 0, b"")

    def ask(self, message: bytes) -> None:
        """Begin a call on a stream of its own."""
        self._stream += 2
        self._body = b""
        body = b"\0" + struct.pack(">I", len(message)) + message
        self._to_send += frame(HEADERS, END_HEADERS, self._stream, self._headers())
        self._to_send += frame(DATA, END_STREAM, self._stream, body)

    def to_send(self) -> bytes:
        """Return the bytes to send now."""
        data, self._to_send = self._to_send, b""
        return data

    def receive(self, data: bytes) -> Answer | None:
        """Take bytes and return the outcome of the call, or None while it is not known."""
        self._received += data
        while len(self._received) >= FRAME_HEAD:
            length = int.from_bytes(self._received[:3], "big")
            if len(self._received) < FRAME_HEAD + length:
                return None
            kind, flags = self._received[3], self._received[4]
            stream = int.from_bytes(self._received[5:FRAME_HEAD], "big") & 0x7FFFFFFF
            payload = self._received[FRAME_HEAD : FRAME_HEAD + length]
            self._received = self._received[FRAME_HEAD + length :]
            answer = self._frame(kind, flags, stream, payload)
            if answer:
                return answer
        return None

    def _frame(self, kind: int, flags: int, stream: int, payload: bytes) -> Answer | None:
        if kind == SETTINGS and not flags & ACK:
            self._to_send += frame(SETTINGS, ACK, 0, b"")
        elif kind == PING and not flags & ACK:
            self._to_send += frame(PING, ACK, 0, payload)
        elif kind == GOAWAY:
            return Answer(problem=f"GOAWAY (error code {int.from_bytes(payload[4:8], 'big')})")
        elif stream == self._stream:
            return self._outcome(kind, flags, payload)
        return None

    def _outcome(self, kind: int, flags: int, payload: bytes) -> Answer | None:
        if kind == DATA and payload:
            self._body += payload[1 : len(payload) - payload[0]] if flags & PADDED else payload
            return _whole_message(self._body)
        if kind == HEADERS and flags & END_STREAM:
            return _trailers(payload)
        if kind == RST_STREAM:
            return Answer(problem=f"stream reset (error code {int.from_bytes(payload, 'big')})")
        return None

    def _headers(self) -> bytes:
        fields = (
            (":method", "POST"),
            (":scheme", "http"),
            (":path", self._path),
            (":authority", self._authority),
            ("te", "trailers"),
            ("content-type", "application/grpc"),
        )
        return b"".join(b"\x10" + _text(name) + _text(value) for name, value in fields)


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """Return one HTTP/2 frame."""
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def _whole_message(body: bytes) -> Answer | None:
    """Return the message once all of it is there: it may come in any number of frames."""
    length = int.from_bytes(body[1:MESSAGE_HEAD], "big")
    whole = len(body) >= MESSAGE_HEAD and len(body) >= MESSAGE_HEAD + length
    return Answer(message=body[MESSAGE_HEAD:]) if whole else None


def _trailers(block: bytes) -> Answer:
    for name in (GRPC_STATUS_PLAIN, GRPC_STATUS_HUFFMAN):
        at = block.find(name)
        if at >= 0:
            return Answer(status=_status_code(block[at + len(name) :]))
    return Answer(problem="an answer without a status: is it a gRPC server?")


def _status_code(value: bytes) -> int:
    """Read a header value that is one or two digits, Huffman-coded where its first bit says so."""
    length = value[0] & 0x7F
    if not value[0] & 0x80:
        return int(value[1 : 1 + length] or b"0")
    bits = "".join(f"{byte:08b}" for byte in value[1 : 1 + length])
    digits = ""
    while len(bits) >= SHORTEST_CODE and set(bits) != {"1"}:
        digit = int(bits[:SHORTEST_CODE], 2)
        taken = SHORTEST_CODE
        if digit >= SHORT_DIGITS:
            taken += 1
            digit = int(bits[:taken], 2) - 0b011001 + SHORT_DIGITS
        digits, bits = digits + str(digit), bits[taken:]
    return int(digits or "0")


def _text(value: str) -> bytes:
    data = value.encode()
    return bytes([len(data)]) + data
