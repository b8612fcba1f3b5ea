"""Writes so many MiB of numbered lines as fast as it can, then the last one, and stays."""

import signal
import sys

from speaking import say

LINE = 64
COUNT = int(sys.argv[1]) * (1 << 20) // LINE
BATCH = 1 << 14

for start in range(0, COUNT, BATCH):
    lines = (f"{number:<{LINE - 1}}\n" for number in range(start, min(start + BATCH, COUNT)))
    sys.stdout.write("".join(lines))
say("the last line")
while True:
    signal.pause()
