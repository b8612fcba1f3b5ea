"""The roll of a run: each service's main process, written down for whoever comes when the keeper cannot be asked.

Nearly always the tag in a process's environment tells whose it is; but a program may write its title over that, as
redis does. Then pid and start time tell, and for those below it that they are below it or in its session.
"""

from __future__ import annotations

import json
import os

from . import processes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "roll"


class Entry:
    """A main process as it was spawned."""

    __slots__ = ("dump", "pid", "service", "started")

    def __init__(self, pid: int, started: int, service: str, dump: int) -> None:
        """Hold who it is, its service's name at the keeper, and the signal that asks it what it is doing (0: none)."""
        self.pid = pid
        self.started = started
        self.service = service
        self.dump = dump

    def lives(self) -> bool:
        """Say whether the process is still there."""
        return processes.is_same(self.pid, self.started)


def begin(folder: str) -> int:
    """Return a descriptor of a new roll in a run's folder."""
    return os.open(f"{folder}/{NAME}", os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)


def enter(descriptor: int, pid: int, service: str, dump: int) -> None:
    """Write down a process that has just been spawned, unless it is over already."""
    started = processes.start_time(pid)
    if started:
        try:
            os.write(descriptor, json.dumps([pid, started, service, dump]).encode() + b"\n")
        except OSError:
            # A full disk ends no service; the tag is there all the same.
            pass


def living(folder: str) -> list[Entry]:
    """Return the main processes of a run that are still there."""
    return [entry for entry in _entries(folder) if entry.lives()]


def members(entry: Entry) -> list[int]:
    """Return the processes that belong to a main process which is there: itself, those below it, and its session."""
    session = [pid for pid in processes.every_pid() if processes.session(pid) == entry.pid]
    return list(dict.fromkeys([entry.pid, *processes.descendants(entry.pid), *session]))


def _entries(folder: str) -> Iterator[Entry]:
    try:
        with open(f"{folder}/{NAME}", "rb") as file:
            lines = file.read().splitlines()
    except OSError:
        return
    for line in lines:
        try:
            pid, started, service, dump = json.loads(line)
            entry = Entry(int(pid), int(started), str(service), int(dump))
        except (TypeError, ValueError):
            # A disk that was full has half a line, and another version perhaps other words.
            continue
        yield entry
