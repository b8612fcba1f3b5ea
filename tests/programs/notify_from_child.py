"""Lets a child say READY=1 and writes down that it did; never says it itself."""

import os
import signal

from speaking import notify, say

child = os.fork()
if child == 0:
    notify("READY=1", "X_ENDPOINT_HTTP=127.0.0.1:1")
    os._exit(0)
os.waitpid(child, 0)
say("the child said READY=1")
while True:
    signal.pause()
