"""gRPC calls of one request over one HTTP/2 connection, written by hand: no gRPC library, no waiting, no sockets.

The bytes follow RFC 9113 (frames), RFC 7541 (header compression: every field is sent as a literal that is not
indexed) and the gRPC over HTTP/2 protocol. Of an answer only what tells its outcome is read: its messages, and the
``grpc-status`` of the trailers. That field is looked for, not decoded, which works because the settings allow the
server no dynamic table: each field then comes with its own name.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, CONTINUATION = 0, 1, 3, 4, 6, 7, 9
END_STREAM, END_HEADERS, ACK, PADDED = 0x1, 0x4, 0x1, 0x8
FRAME_HEAD = 9
LARGEST_FRAME = 16384  # bytes; a server sends larger ones only to a client that allows them
MESSAGE_HEAD = 5
NO_DYNAMIC_TABLE = struct.pack(">HI", 1, 0)

GRPC_STATUS_PLAIN = b"\x0bgrpc-status"
GRPC_STATUS_HUFFMAN = b"\x88" + bytes.fromhex("9acac8b21234da8f")
"""The name with its length, as it is and in the code of RFC 7541, appendix B: other names begin like it."""
LONG = 0x7F
"""From this length on a header field's length goes on in further bytes."""
SHORTEST_CODE = 5
SHORT_DIGITS = 3
"""0, 1 and 2 have codes of five bits; 3 to 9 of six, from 0b011001 on."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes of a call: a message, the gRPC status that it ends with, or why there is none."""

    message: bytes | None = None
    status: int | None = None
    problem: str = ""


class Calls:
    """The protocol state of one connection; one call at a time."""

    def __init__(self, path: str, authority: str) -> None:
        """Call a method (``/package.Service/Method``) at an authority (``host:port``)."""
        self.path = path
        self._authority = authority
        self._stream = -1
        self._received = b""
        self._body = b""
        self._block = b""
        self._is_trailers = False
        self._to_send = PREFACE + frame(SETTINGS, 0, 0, NO_DYNAMIC_TABLE)
        self.is_answered = False
        """The call has ended: nothing more comes of it."""
        self.is_over = False
        """No further call will be answered on this connection."""

    def ask(self, message: bytes) -> None:
        """Begin a call on a stream of its own."""
        self._stream += 2
        self._body = b""
        self.is_answered = False
        body = b"\0" + struct.pack(">I", len(message)) + message
        self._to_send += frame(HEADERS, END_HEADERS, self._stream, self._headers())
        self._to_send += frame(DATA, END_STREAM, self._stream, body)

    def to_send(self) -> bytes:
        """Return the bytes to send now."""
        data, self._to_send = self._to_send, b""
        return data

    def receive(self, data: bytes) -> Answer | None:
        """Take bytes and return what comes next of the call, or None where it is not there yet.

        Bytes may hold more than one: without further bytes it returns the next of them.
        """
        self._received += data
        while len(self._received) >= FRAME_HEAD:
            length = int.from_bytes(self._received[:3], "big")
            if length > LARGEST_FRAME:
                return self._over(f"it does not speak HTTP/2: {_first_line(self._received)!r}")
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
            return self._over(f"GOAWAY (error code {int.from_bytes(payload[4:8], 'big')})")
        elif stream == self._stream:
            return self._outcome(kind, flags, payload)
        return None

    def _outcome(self, kind: int, flags: int, payload: bytes) -> Answer | None:
        self.is_answered = kind == RST_STREAM or (kind in {DATA, HEADERS} and bool(flags & END_STREAM))
        if kind == DATA:
            self._body += _unpadded(flags, payload)
            message, self._body = _first_message(self._body)
            return None if message is None else Answer(message=message)
        if kind == HEADERS:
            self._is_trailers = bool(flags & END_STREAM)
            self._block = _unpadded(flags, payload)
        if kind == CONTINUATION:
            self._block += payload
        if kind in {HEADERS, CONTINUATION} and flags & END_HEADERS and self._is_trailers:
            return _trailers(self._block)
        if kind == RST_STREAM:
            return Answer(problem=f"stream reset (error code {int.from_bytes(payload, 'big')})")
        return None

    def _over(self, problem: str) -> Answer:
        self.is_over = self.is_answered = True
        return Answer(problem=problem)

    def _headers(self) -> bytes:
        fields = (
            (":method", "POST"),
            (":scheme", "http"),
            (":path", self.path),
            (":authority", self._authority),
            ("te", "trailers"),
            ("content-type", "application/grpc"),
        )
        return b"".join(b"\x10" + _text(name) + _text(value) for name, value in fields)


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """Return one HTTP/2 frame."""
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def varint(number: int) -> bytes:
    """Return a number in base 128, the low digit first: as protobuf writes one, and HPACK the rest of a long one."""
    digits = [number & 0x7F]
    while number := number >> 7:
        digits.append(number & 0x7F)
    return bytes([*(digit | 0x80 for digit in digits[:-1]), digits[-1]])


def _unpadded(flags: int, payload: bytes) -> bytes:
    return payload[1 : len(payload) - payload[0]] if flags & PADDED and payload else payload


def _first_message(body: bytes) -> tuple[bytes | None, bytes]:
    """Return the first message once all of it is there, and the rest: it may come in any number of frames."""
    end = MESSAGE_HEAD + int.from_bytes(body[1:MESSAGE_HEAD], "big")
    if len(body) < MESSAGE_HEAD or len(body) < end:
        return None, body
    return body[MESSAGE_HEAD:end], body[end:]


def _trailers(block: bytes) -> Answer:
    for name in (GRPC_STATUS_PLAIN, GRPC_STATUS_HUFFMAN):
        at = block.find(name)
        if at >= 0:
            value = _status_value(block[at + len(name) :])
            return Answer(status=int(value)) if value.isdecimal() else Answer(problem=f"gRPC status {value!r}")
    return Answer(problem="an answer without a status: is it a gRPC server?")


def _status_value(field: bytes) -> str:
    """Read a header value that is one or two digits, Huffman-coded where its first bit says so."""
    head, value = field[:1], field[1:]
    length = head[0] & 0x7F if head else 0
    if not head or not head[0] & 0x80:
        return value[:length].decode("ascii", errors="replace")
    bits = "".join(f"{byte:08b}" for byte in value[:length])
    digits = ""
    while len(bits) >= SHORTEST_CODE and set(bits) != {"1"}:
        digit = int(bits[:SHORTEST_CODE], 2)
        taken = SHORTEST_CODE
        if digit >= SHORT_DIGITS:
            taken += 1
            digit = int(bits[:taken], 2) - 0b011001 + SHORT_DIGITS
        digits, bits = digits + str(digit), bits[taken:]
    return digits


def _first_line(data: bytes) -> str:
    return data.partition(b"\n")[0].decode(errors="replace").strip()


def _text(value: str) -> bytes:
    data = value.encode()
    length = bytes([len(data)]) if len(data) < LONG else bytes([LONG]) + varint(len(data) - LONG)
    return length + data
