"""One health check over HTTP/2, written by hand: no gRPC library, no waiting, no sockets.

The bytes follow RFC 9113 (frames), RFC 7541 (header compression: every field is sent as a literal that is not
indexed) and the gRPC health checking protocol. Of the answer only the status is read: the message of the first DATA
frame, or the ``grpc-status`` of the trailers.
"""

from __future__ import annotations

import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
PATH = "/grpc.health.v1.Health/Check"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY = 0, 1, 3, 4, 6, 7
END_STREAM, END_HEADERS, ACK, PADDED = 0x1, 0x4, 0x1, 0x8
FRAME_HEAD = 9

STATUS_NAMES = ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")
GRPC_STATUS_PLAIN = b"grpc-status"
GRPC_STATUS_HUFFMAN = bytes.fromhex("9acac8b21234da8f")
"""``grpc-status`` in the code of RFC 7541, appendix B."""
FIVE_BIT_DIGITS = 3  # 0, 1 and 2 have codes of five bits; 3 to 9 of six, from 0b011001 on
CODES = {5: "NOT_FOUND", 7: "PERMISSION_DENIED", 12: "UNIMPLEMENTED", 14: "UNAVAILABLE", 16: "UNAUTHENTICATED"}


class HealthCheck:
    """The protocol state of one connection on which a service's health is asked, again and again."""

    def __init__(self, service: str, authority: str) -> None:
        """Ask about a service at an authority (``host:port``)."""
        self._service = service.encode()
        self._authority = authority
        self._stream = -1
        self._received = b""
        self._to_send = PREFACE + _frame(SETTINGS, 0, 0, b"")

    def ask(self) -> None:
        """Begin a check on a stream of its own."""
        self._stream += 2
        message = b"\x0a" + bytes([len(self._service)]) + self._service if self._service else b""
        body = b"\0" + struct.pack(">I", len(message)) + message
        self._to_send += _frame(HEADERS, END_HEADERS, self._stream, self._headers())
        self._to_send += _frame(DATA, END_STREAM, self._stream, body)

    def to_send(self) -> bytes:
        """Return the bytes to send now."""
        data, self._to_send = self._to_send, b""
        return data

    def receive(self, data: bytes) -> str | None:
        """Take bytes and return the status that they tell, by name, or None while it is not known."""
        self._received += data
        while len(self._received) >= FRAME_HEAD:
            length = int.from_bytes(self._received[:3], "big")
            if len(self._received) < FRAME_HEAD + length:
                return None
            kind, flags = self._received[3], self._received[4]
            stream = int.from_bytes(self._received[5:FRAME_HEAD], "big") & 0x7FFFFFFF
            payload = self._received[FRAME_HEAD : FRAME_HEAD + length]
            self._received = self._received[FRAME_HEAD + length :]
            status = self._frame(kind, flags, stream, payload)
            if status:
                return status
        return None

    def _frame(self, kind: int, flags: int, stream: int, payload: bytes) -> str | None:
        if kind == SETTINGS and not flags & ACK:
            self._to_send += _frame(SETTINGS, ACK, 0, b"")
        elif kind == PING and not flags & ACK:
            self._to_send += _frame(PING, ACK, 0, payload)
        elif kind == GOAWAY:
            return f"GOAWAY (error code {int.from_bytes(payload[4:8], 'big')})"
        elif stream == self._stream:
            return self._answer(kind, flags, payload)
        return None

    @staticmethod
    def _answer(kind: int, flags: int, payload: bytes) -> str | None:
        if kind == DATA and payload:
            return _serving_status(payload[1 : -payload[0]] if flags & PADDED and payload[0] else payload)
        if kind == HEADERS and flags & END_STREAM:
            return _trailers_status(payload)
        if kind == RST_STREAM:
            return f"stream reset (error code {int.from_bytes(payload, 'big')})"
        return None

    def _headers(self) -> bytes:
        fields = (
            (":method", "POST"),
            (":scheme", "http"),
            (":path", PATH),
            (":authority", self._authority),
            ("te", "trailers"),
            ("content-type", "application/grpc"),
        )
        return b"".join(b"\x10" + _text(name) + _text(value) for name, value in fields)


def _text(value: str) -> bytes:
    data = value.encode()
    return bytes([len(data)]) + data


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def _serving_status(body: bytes) -> str:
    """Read the one field of a HealthCheckResponse: 1, an enum; absent is UNKNOWN."""
    message = body[5:]
    number = message[1] if message[:1] == b"\x08" else 0
    return STATUS_NAMES[number] if number < len(STATUS_NAMES) else f"status {number}"


def _trailers_status(block: bytes) -> str:
    for name in (GRPC_STATUS_PLAIN, GRPC_STATUS_HUFFMAN):
        at = block.find(name)
        if at >= 0:
            code = _status_code(block[at + len(name) :])
            return CODES.get(code, f"gRPC status {code}")
    return "an answer without a status: is it a gRPC server?"


def _status_code(value: bytes) -> int:
    """Read a header value that is one or two digits, Huffman-coded where its first bit says so."""
    length = value[0] & 0x7F
    if not value[0] & 0x80:
        return int(value[1 : 1 + length] or b"0")
    bits = "".join(f"{byte:08b}" for byte in value[1 : 1 + length])
    digits = ""
    while len(bits) >= 5 and set(bits) != {"1"}:  # noqa: PLR2004 - the shortest code
        short = int(bits[:5], 2)
        if short < FIVE_BIT_DIGITS:
            digits, bits = digits + str(short), bits[5:]
        else:
            digits, bits = digits + str(int(bits[:6], 2) - 0b011001 + 3), bits[6:]
    return int(digits or "0")
