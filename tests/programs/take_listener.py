"""Takes its listeners from whoever started it, and answers each connection with the name of the one that it came by.

It binds nothing itself. Usage: take_listener.py [--start-seconds N]
"""

import argparse
import os
import selectors
import socket
import sys
import time

from speaking import notify, say

FIRST = 3

parser = argparse.ArgumentParser()
parser.add_argument("--start-seconds", type=float, default=0.0)
options = parser.parse_args()

if os.environ.get("LISTEN_PID") != str(os.getpid()):
    sys.exit(f"the listeners are those of {os.environ.get('LISTEN_PID')}, not of {os.getpid()}")
time.sleep(options.start_seconds)
names = os.environ["LISTEN_FDNAMES"].split(":")
selector = selectors.DefaultSelector()
for number in range(int(os.environ["LISTEN_FDS"])):
    selector.register(socket.socket(fileno=FIRST + number), selectors.EVENT_READ, names[number])
say("serving", *names)
notify("READY=1")
while True:
    for key, _ in selector.select():
        link, _ = key.fileobj.accept()  # type: ignore[union-attr]
        with link:
            link.sendall(key.data.encode())
