"""Answers gRPC health checks at HOST:PORT with the statuses given, each once, the last one for ever.

A status is a number of grpc.health.v1 (1 SERVING, 2 NOT_SERVING); `refused N` as rN is a gRPC status instead; `goaway`
closes the connection to new calls without closing it.
"""

import socket
import sys
from threading import Thread

DATA, HEADERS, SETTINGS, GOAWAY = 0, 1, 4, 7
PREFACE = 24
OPENING = b"\x88"  # :status 200, by its number in the static table


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """Return one HTTP/2 frame."""
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def status_field(code: str) -> bytes:
    """Return a grpc-status field that is in no table."""
    return b"\x00\x0bgrpc-status" + bytes([len(code)]) + code.encode()


def answer(stream: int, status: str) -> bytes:
    """Return the frames that answer one check."""
    if status == "goaway":
        return frame(GOAWAY, 0, 0, bytes(8))
    if status.startswith("r"):
        return frame(HEADERS, 0x5, stream, OPENING + status_field(status[1:]))
    message = b"\x08" + bytes([int(status)])
    body = b"\0" + len(message).to_bytes(4, "big") + message
    return (
        frame(HEADERS, 0x4, stream, OPENING)
        + frame(DATA, 0, stream, body)
        + frame(HEADERS, 0x5, stream, status_field("0"))
    )


def serve(link: socket.socket, statuses: list[str]) -> None:
    """Answer the checks of one connection until it ends or is to take no more."""
    stream = link.makefile("rb")
    stream.read(PREFACE)
    link.sendall(frame(SETTINGS, 0, 0, b""))
    going = True
    while head := stream.read(9):
        payload = stream.read(int.from_bytes(head[:3], "big"))
        kind, flags, number = head[3], head[4], int.from_bytes(head[5:], "big")
        del payload
        if going and kind == DATA and flags & 0x1:
            status = statuses.pop(0) if len(statuses) > 1 else statuses[0]
            going = status != "goaway"
            link.sendall(answer(number, status))


host, _, port = sys.argv[1].rpartition(":")
script = sys.argv[2:]
with socket.create_server((host, int(port))) as server:
    while True:
        connection, _ = server.accept()
        Thread(target=serve, args=(connection, script), daemon=True).start()
