"""Which processes belong to a test: those below it, and those below its keepers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from ziggurat.hang.model import Process
from ziggurat.keeper import processes

MOST_PROCESSES = 40
COMMAND_SHOWN = 200
OWN = "below the test"


def found(keepers: Iterable[int], names: Mapping[str, str], *, test: int = 0) -> list[Process]:
    """Return the processes below a test's process and its keepers, services first, each under its name.

    ``names`` gives the services of the stacks by their names at the keeper.
    """
    pids = [pid for keeper in keepers for pid in processes.descendants(keeper)]
    below = [pid for pid in processes.descendants(test or os.getpid()) if pid not in pids]
    everyone = dict.fromkeys([*pids, *below])
    return [_described(pid, names) for pid in everyone if processes.name(pid) not in processes.KEEPER_NAMES]


def is_main(process: Process) -> bool:
    """Say whether a process is the one that was spawned as the service, and not one below it."""
    return processes.session(process.pid) == process.pid


def service_of(pid: int) -> str:
    """Return the name at the keeper of the service that a process belongs to."""
    return processes.environment(pid).get(processes.SERVICE_VARIABLE, "")


def _described(pid: int, names: Mapping[str, str]) -> Process:
    key = service_of(pid)
    label = names.get(key, key) or OWN
    return Process(pid=pid, label=label, command=processes.command(pid)[:COMMAND_SHOWN])
