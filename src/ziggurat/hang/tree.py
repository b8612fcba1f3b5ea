"""Which processes belong to a test: those below it, and those below its keepers."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ziggurat import naming
from ziggurat.hang.model import Process
from ziggurat.keeper import processes, roll
from ziggurat.keeper.roll import Entry

MOST_PROCESSES = 40
COMMAND_SHOWN = 200
OWN = "below the test"


def found(keepers: Mapping[int, Path], *, test: int = 0) -> list[Process]:
    """Return the processes below a test's process and its keepers, services first, each under its name.

    Who carries no name is told by the roll of his run.
    """
    pids = [pid for keeper in keepers for pid in processes.descendants(keeper)]
    below = [pid for pid in processes.descendants(test or os.getpid()) if pid not in pids]
    everyone = [pid for pid in dict.fromkeys([*pids, *below]) if processes.name(pid) not in processes.KEEPER_NAMES]
    mains = {entry.pid: entry for folder in keepers.values() for entry in roll.living(str(folder))}
    owners = {pid: entry for entry in mains.values() for pid in roll.members(entry)}
    return [
        Process(
            pid=pid,
            label=_label(pid, owners.get(pid)),
            command=processes.command(pid)[:COMMAND_SHOWN],
            dump=mains[pid].dump if pid in mains else 0,
        )
        for pid in everyone
    ]


def _label(pid: int, owner: Entry | None) -> str:
    key = processes.environment(pid).get(processes.SERVICE_VARIABLE, "") or (owner.service if owner else "")
    return naming.shown(key) or OWN
