"""Does not let SIGTERM and SIGINT end it."""

import signal

from notifying import notify

for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda received, _: print("ignored", signal.Signals(received).name, flush=True))
notify("READY=1")
while True:
    signal.pause()
