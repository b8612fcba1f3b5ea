"""Forks on and on, each child forking the next, until there are so many; all stay. A fork bomb with a bound."""

import os
import signal
import sys

from speaking import say

left = int(sys.argv[1])
while left and os.fork() == 0:
    left -= 1
    if left % 2:
        os.setsid()
say("alive", os.getpid())
while True:
    signal.pause()
