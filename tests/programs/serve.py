"""Behaves well: listens, says so in its log and on its notify socket, and answers each connection with its pid.

Usage: serve.py HOST:PORT [--quiet] [--start-seconds N] [--die CODE]. Quiet: it says nothing of its address. Die: it
ends with the code once it has been asked something.
"""

import argparse
import os
import socket
import sys
import time

from speaking import notify, say

parser = argparse.ArgumentParser()
parser.add_argument("address")
parser.add_argument("--quiet", action="store_true")
parser.add_argument("--start-seconds", type=float, default=0.0)
parser.add_argument("--die", type=int)
options = parser.parse_args()

time.sleep(options.start_seconds)
host, _, port = options.address.rpartition(":")
with socket.create_server(
    (host.strip("[]"), int(port)), family=socket.AF_INET6 if "[" in host else socket.AF_INET
) as server:
    number = server.getsockname()[1]
    if not options.quiet:
        say(f"listening on port {number}")
        notify("READY=1", f"X_ENDPOINT_HTTP=127.0.0.1:{number}")
    while True:
        link, _ = server.accept()
        with link:
            link.sendall(str(os.getpid()).encode())
        if options.die is not None:
            sys.exit(options.die)
