"""Listens at each HOST:PORT given, as gRPC servers do: a port that somebody else serves too is taken without an error.

Answers each connection with its pid, and says that it is ready when it listens everywhere.
"""

import os
import selectors
import socket
import sys

from speaking import notify

waiting = selectors.DefaultSelector()
for word in sys.argv[1:]:
    host, _, port = word.rpartition(":")
    server = socket.create_server((host, int(port)), reuse_port=True)
    waiting.register(server, selectors.EVENT_READ)
notify("READY=1")
while True:
    for key, _events in waiting.select():
        assert isinstance(key.fileobj, socket.socket)
        link, _address = key.fileobj.accept()
        with link:
            link.sendall(str(os.getpid()).encode())
