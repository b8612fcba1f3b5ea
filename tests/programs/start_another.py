"""Has the keeper that started it start another service, called after itself, and waits.

Usage: start_another.py LOG COMMAND...
"""

import os
import signal
import sys
import threading

from ziggurat import lease

log, *command = sys.argv[1:]
keeper = lease.belonging()
assert keeper is not None
with keeper:
    spec = {
        "name": f"{os.environ['ZIGGURAT_SERVICE']}/another",
        "argv": command,
        "env": dict(os.environ),
        "log": log,
        "log_bound": 1 << 20,
        "stop": [[int(signal.SIGTERM), 5.0]],
    }
    pid = keeper.ask("start", spec=spec)["pid"]
sys.stdout.write(f"another {pid}\n")
sys.stdout.flush()
threading.Event().wait()
