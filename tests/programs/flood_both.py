"""Writes so many MiB of numbered lines as fast as it can, to stdout and stderr in turn, then how that went, and stays.

A line is the number of its batch and its own within it. The last line is `the last line` and JSON: the batches, and
the seconds that the longest write took.
"""

import json
import os
import signal
import sys
import time

LINES = 1 << 14
PLACE = b"the batch:"
batch = b"".join(b"%s %-52d\n" % (PLACE, number) for number in range(LINES))
count = int(sys.argv[1])
longest = 0.0
for number in range(count):
    # Copied, not composed: the program is to be faster than whoever keeps what it writes.
    lines = batch.replace(PLACE, b"%010d" % number)
    began = time.monotonic()
    while lines:
        lines = lines[os.write(1 + number % 2, lines) :]
    longest = max(longest, time.monotonic() - began)
told = json.dumps({"batches": count, "longest_write": longest})
os.write(1, f"the last line {told}\n".encode())
while True:
    signal.pause()
