"""Writes a line in two parts with a pause between them, then stays."""

import signal
import sys
import time

sys.stdout.write("serving on port 12")
sys.stdout.flush()
time.sleep(0.1)
sys.stdout.write("345 (v2)\n")
sys.stdout.flush()
while True:
    signal.pause()
