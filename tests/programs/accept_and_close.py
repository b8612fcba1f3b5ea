"""Accepts each connection at HOST:PORT and resets it at once."""

import socket
import struct
import sys

host, _, port = sys.argv[1].rpartition(":")
with socket.create_server((host, int(port))) as server:
    while True:
        link, _ = server.accept()
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        link.close()
