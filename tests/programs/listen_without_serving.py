"""Listens at HOST:PORT and never accepts; with --full its queue is full once it tells its address: connecting hangs."""

import signal
import socket
import sys

from speaking import notify, say

host, _, port = sys.argv[1].rpartition(":")
server = socket.create_server((host, int(port)), backlog=0)
fillers = []
for _filler in range(8 if "--full" in sys.argv else 0):
    filler = socket.socket()
    filler.setblocking(False)
    filler.connect_ex(server.getsockname())
    fillers.append(filler)
say("listening")
notify(f"X_ENDPOINT_HTTP=127.0.0.1:{server.getsockname()[1]}")
signal.pause()
