"""Starts a worker for each line of stdin and tells its pid; they end with it."""

import subprocess
import sys

WAITS = "import sys; sys.stdin.read()"

workers = []
for _ in sys.stdin:
    workers.append(subprocess.Popen([sys.executable, "-c", WAITS], stdin=subprocess.PIPE))
    sys.stdout.write(f"{workers[-1].pid}\n")
    sys.stdout.flush()
