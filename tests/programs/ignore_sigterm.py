"""Does not let SIGTERM and SIGINT end it."""

import signal

from speaking import notify, say

for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda received, _: say("ignored", signal.Signals(received).name))
notify("READY=1")
while True:
    signal.pause()
