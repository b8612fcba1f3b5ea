"""Which runs of this user are there, who belongs to each, and which of them nobody looks after any more.

A run is known by the tag in the environment of everything that its keeper started. It is dead when its keeper and its
warden are both gone, and then whatever carries its tag is left over.
"""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ziggurat.keeper import processes, roll, sweep

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TICKS = os.sysconf("SC_CLK_TCK")
END_SECONDS = 2.0
RECHECK = 0.002


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A process that carries a run's tag."""

    pid: int
    started: int
    """Clock ticks since boot: with the pid it names the process for good."""
    service: str
    command: str
    seconds: float
    """How long it has been there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run: one keeper, and all that it started."""

    tag: str
    folder: Path
    keeper: int
    """0 where it is gone."""
    warden: int
    members: tuple[Member, ...]

    @property
    def lives(self) -> bool:
        """Whether anybody looks after it."""
        return bool(self.keeper or self.warden)


def runs(base: Path) -> list[Run]:
    """Return every run of a folder of runs, and those of other folders of which processes are there; dead ones last."""
    tagged = dict(_by_run())
    folders = {path for path in base.iterdir() if path.is_dir() and not path.is_symlink()}
    folders |= {folder for folder, _ in tagged.values()}
    records = {record.run: folder for folder in folders if (record := sweep.read(str(folder)))}
    found = [
        _run(tag, records.get(tag) or tagged[tag][0], tagged[tag][1] if tag in tagged else [])
        for tag in {*records, *tagged}
    ]
    return sorted(found, key=lambda run: (not run.lives, str(run.folder)))


def end(run: Run) -> tuple[Member, ...]:
    """End what a dead run left, remove its folder, and return who was ended; a run that lives is left alone."""
    if run.lives:
        return ()
    ended = {member.pid: member for member in run.members}
    deadline = time.monotonic() + END_SECONDS
    # Again and again: who is being killed may just be starting somebody else.
    while (left := _members(sweep.members(run.tag, str(run.folder)), run.folder)) and time.monotonic() < deadline:
        ended |= {member.pid: member for member in left}
        sweep.kill([(member.pid, member.started) for member in left])
        time.sleep(RECHECK)
    shutil.rmtree(run.folder, ignore_errors=True)
    return tuple(ended.values())


def _by_run() -> Iterator[tuple[str, tuple[Path, list[int]]]]:
    """Yield every tag that a process carries, with its run's folder and the pids."""
    found: dict[str, tuple[Path, list[int]]] = {}
    for pid in processes.every_pid():
        words = processes.environment(pid)
        if tag := words.get(processes.RUN_VARIABLE):
            folder = Path(words.get(processes.KEEPER_VARIABLE, "/nowhere"))
            found.setdefault(tag, (folder, []))[1].append(pid)
    yield from found.items()


def _run(tag: str, folder: Path, pids: Iterable[int]) -> Run:
    record = sweep.read(str(folder))
    if record and record.run == tag:
        keeper, warden = record.living_keeper, record.living_warden
    else:
        # An impatient cleaner of temporary folders has taken the record; it ends nobody's run.
        keeper, warden = _looking_after(tag)
    everyone = {*pids, *sweep.members(tag, str(folder))}
    return Run(tag=tag, folder=folder, keeper=keeper, warden=warden, members=tuple(_members(everyone, folder)))


def _looking_after(tag: str) -> tuple[int, int]:
    """Return keeper and warden of a run by their command lines, in which its tag is a word; 0 for who is not there."""
    both = [pid for pid in processes.every_pid() if tag in processes.command(pid).split() and _is_guardian(pid)]
    keeper = next((pid for pid in both if processes.parent(pid) in both), 0)
    return keeper, next((pid for pid in both if pid != keeper), 0)


def _is_guardian(pid: int) -> bool:
    return "ziggurat/keeper/__main__.py" in processes.command(pid) and bool(processes.start_time(pid))


def _members(pids: Iterable[int], folder: Path) -> list[Member]:
    """Return those that run; a zombie has ended, and only waits for its parent to hear of it."""
    services = {pid: entry.service for entry in roll.living(str(folder)) for pid in roll.members(entry)}
    now = float(Path("/proc/uptime").read_text().split()[0])
    return [
        Member(
            pid=pid,
            started=started,
            service=processes.environment(pid).get(processes.SERVICE_VARIABLE) or services.get(pid, ""),
            command=processes.command(pid),
            seconds=max(0.0, now - started / TICKS),
        )
        for pid in sorted(pids)
        if (started := processes.start_time(pid))
    ]
