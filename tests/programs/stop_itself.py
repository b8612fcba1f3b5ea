"""Says that it is ready and then stands still (SIGSTOP); ends in order once it goes on and is asked to."""

import os
import signal
import sys

from speaking import notify

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
notify("READY=1")
os.kill(os.getpid(), signal.SIGSTOP)
while True:
    signal.pause()
