"""Listens at HOST:PORT; writes each line that it is asked, as it is asked."""

import socket
import sys

from speaking import notify, say

host, _, port = sys.argv[1].rpartition(":")
with socket.create_server((host, int(port))) as server:
    say("listening")
    notify("READY=1")
    while True:
        link, _address = server.accept()
        with link, link.makefile("rw", encoding="utf-8") as stream:
            say("asked:", stream.readline().strip())
            stream.write("ok\n")
