"""Owns a stack whose service has descendants of every kind, tells who they are as JSON, and stays.

With --fork it has forked once, so that a child shares its connection to the keeper.
"""

import json
import os
import signal
import sys
from pathlib import Path

from ziggurat import Notify, Service, Stack, own, start, wait_until
from ziggurat.keeper import processes

KINDS = ("child", "session", "daemon", "bare", "stubborn")

lease = own()
family = (sys.executable, str(Path(__file__).parent / "leave_family.py"), *KINDS)
running = start(Stack(name="owned", services=(Service(name="made", command=family, ready=Notify()),)), lease=lease)
log = running["made"].log
pids = [int(log.wait_for(rf"^{kind} (\d+)$")[1]) for kind in KINDS]
bare = pids[KINDS.index("bare")]
wait_until(lambda: processes.environment(bare) == {}, seconds=5, what="a daemon without environment")
if "--fork" in sys.argv and os.fork() == 0:
    # It ends with its test: the pipe is closed then.
    sys.stdin.read()
    os._exit(0)
facts = lease.about_keeper
members = [running["made"].pid, *pids]
sys.stdout.write(
    json.dumps({**{key: facts[key] for key in ("warden", "run")}, "keeper": facts["pid"], "members": members})
)
sys.stdout.write("\n")
sys.stdout.flush()
signal.pause()
