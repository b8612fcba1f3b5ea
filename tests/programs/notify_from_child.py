"""Lets a child say READY=1 and writes down that it did; never says it itself."""

import os
import signal

from notifying import notify

child = os.fork()
if child == 0:
    notify("READY=1", "X_ENDPOINT_HTTP=127.0.0.1:1")
    os._exit(0)
os.waitpid(child, 0)
print("the child said READY=1", flush=True)
while True:
    signal.pause()
