"""Writes its further arguments as lines and ends with a code, or by a signal where the code is negative."""

import os
import sys

from speaking import say

code, *lines = sys.argv[1:]
for line in lines:
    say(line)
if int(code) < 0:
    os.kill(os.getpid(), -int(code))
sys.exit(int(code))
