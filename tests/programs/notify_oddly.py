"""Sends its first argument, a line break for each `;` in it, to its notify socket, then a status, then READY=1."""

import signal
import sys

from speaking import notify

notify(*sys.argv[1].split(";"))
notify("STATUS=nearly there")
if "--never" not in sys.argv:
    notify("READY=1")
while True:
    signal.pause()
