"""What /proc tells of one process: its state, its threads, its open files and sockets."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from ziggurat.hang.model import Part

MOST_THREADS = 200
MOST_FILES = 500
STATES = {"R": "running", "S": "sleeping", "D": "in the disk", "T": "stopped", "t": "traced", "Z": "a zombie"}


def look(pid: int, sockets: Mapping[str, str]) -> list[Part]:
    """Return what /proc tells of a process; a part that may not be read says why."""
    folder = Path(f"/proc/{pid}")
    return [
        _told("state", lambda: [_state(folder)]),
        _told("threads", lambda: _counted(_threads(folder))),
        _told("open files", lambda: _counted(_files(folder, sockets))),
    ]


def status(pid: int) -> dict[str, str]:
    """Return the fields of /proc/PID/status."""
    rows = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (row.partition(":") for row in rows)}


def catches(pid: int, number: int) -> bool:
    """Say whether a process has a handler of its own for a signal."""
    try:
        mask = int(status(pid).get("SigCgt", "0"), 16)
    except OSError:
        return False
    return bool(mask >> (number - 1) & 1)


def _told(title: str, tell: Callable[[], list[str]]) -> Part:
    try:
        return Part(title=title, lines=tuple(tell()))
    except OSError as error:
        return Part(title=title, problem=(error.strerror or str(error)).lower())


def _state(folder: Path) -> str:
    facts = status(int(folder.name))
    memory = int(facts.get("VmRSS", "0 kB").split()[0]) // 1024
    state = facts["State"].partition(" ")
    switches = f"{facts['voluntary_ctxt_switches']} waits and {facts['nonvoluntary_ctxt_switches']} preemptions so far"
    return f"{STATES.get(state[0], state[2])}, {facts['Threads']} threads, {memory} MiB, {switches}"


def _threads(folder: Path) -> Iterable[str]:
    for task in sorted((folder / "task").iterdir(), key=lambda task: int(task.name))[:MOST_THREADS]:
        try:
            name, _, rest = (task / "stat").read_text().partition("(")[2].rpartition(")")
            state = rest.split()[0]
        except FileNotFoundError:
            continue
        place = _wchan(task)
        yield f"{name}: {STATES.get(state, state)}" + (f" in {place}" if place else "")


def _wchan(task: Path) -> str:
    """Return the function of the kernel that a thread waits in; empty where it waits in none or it may not be read."""
    try:
        place = (task / "wchan").read_text()
    except OSError:
        return ""
    return "" if place == "0" else place


def _files(folder: Path, sockets: Mapping[str, str]) -> Iterable[str]:
    for number in sorted(map(int, os.listdir(folder / "fd")))[:MOST_FILES]:  # noqa: PTH208 - names are all that is wanted
        try:
            target = os.readlink(folder / "fd" / str(number))  # noqa: PTH115 - many are no paths
        except OSError:
            continue
        yield _named(target, sockets)


def _named(target: str, sockets: Mapping[str, str]) -> str:
    kind, _, inode = target.partition(":[")
    if kind == "socket":
        return sockets.get(inode.rstrip("]"), "socket")
    return "pipe" if kind == "pipe" else target


def _counted(lines: Iterable[str]) -> list[str]:
    """Return equal lines once, with their number."""
    return [f"{line} ×{count}" if count > 1 else line for line, count in Counter(lines).items()]  # noqa: RUF001 - meant
