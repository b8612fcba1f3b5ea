"""Answers at HOST:PORT as a web server answers what it does not understand."""

import socket
import sys

host, _, port = sys.argv[1].rpartition(":")
with socket.create_server((host, int(port))) as server:
    while True:
        link, _ = server.accept()
        with link:
            link.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
            while link.recv(4096):
                pass
