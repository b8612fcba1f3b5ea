"""Sends back what it is sent, on many connections at once; ready by its notify socket.

Usage: echo.py HOST:PORT [PEER]. With a peer it passes on what it is sent to that instead, and the answer back.
"""

import contextlib
import socket
import socketserver
import sys

from speaking import notify

host, _, port = sys.argv[1].rpartition(":")
peer_host, _, peer_port = sys.argv[2].rpartition(":") if len(sys.argv) > 2 else ("", "", "0")
CHUNK = 65536
PATIENCE = 30.0


class Handler(socketserver.BaseRequestHandler):
    """Serves one connection until its end."""

    def handle(self) -> None:
        """Answer each piece as it comes; a peer that cannot be reached is the end."""
        with contextlib.suppress(OSError):
            while data := self.request.recv(CHUNK):
                self.request.sendall(passed_on(data) if peer_host else data)


def passed_on(data: bytes) -> bytes:
    """Return what the peer answers: as much as it was sent, or less where it ends."""
    with socket.create_connection((peer_host, int(peer_port)), timeout=PATIENCE) as link:
        link.sendall(data)
        answer = b""
        while len(answer) < len(data) and (piece := link.recv(CHUNK)):
            answer += piece
        return answer


class Server(socketserver.ThreadingTCPServer):
    """A thread a connection."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


with Server((host, int(port)), Handler) as server:
    notify("READY=1")
    server.serve_forever()
