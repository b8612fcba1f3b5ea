"""What /proc says of processes: who they are, whose children, and under which tag they run."""

from __future__ import annotations

import os
import signal

RUN_VARIABLE = "ZIGGURAT_RUN"
SERVICE_VARIABLE = "ZIGGURAT_SERVICE"
KEEPER_VARIABLE = "ZIGGURAT_KEEPER"

KEEPER_NAMES = ("ziggurat-keeper", "ziggurat-warden")
"""As ``ps`` shows the two processes that own a run's services."""

CHUNK = 65536
KILL_BIT = 1 << signal.SIGKILL - 1
"""Of a set of signals; whatever ends a process without a handler for it is this signal to its threads."""


def _read(path: str) -> bytes:
    # By descriptor: a stop reads dozens of these, and a file object asks the kernel as much again.
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        parts = []
        while part := os.read(descriptor, CHUNK):
            parts.append(part)
        return b"".join(parts)
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def _stat(pid: int) -> list[bytes]:
    """Return the fields of /proc/PID/stat after the command name, which may hold blanks and brackets."""
    return _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()


def start_time(pid: int) -> int:
    """Return when a process started, in clock ticks since boot, or 0 for one that is gone or a zombie.

    With the pid it names a process for good: a pid that is used again has another start time.
    """
    fields = _stat(pid)
    return int(fields[19]) if fields and fields[0] not in {b"Z", b"X"} else 0


def is_same(pid: int, started: int) -> bool:
    """Say whether the process that had this pid and start time still runs."""
    return started > 0 and start_time(pid) == started


def state(pid: int) -> str:
    """Return the letter of the process's state (R, S, T, Z …), or an empty string for one that is gone."""
    fields = _stat(pid)
    return fields[0].decode() if fields else ""


def session(pid: int) -> int:
    """Return the session of a process, or 0 for one that is gone."""
    fields = _stat(pid)
    return int(fields[3]) if fields else 0


def parent(pid: int) -> int:
    """Return the parent of a process, or 0 for one that is gone."""
    fields = _stat(pid)
    return int(fields[1]) if fields else 0


def every_pid() -> list[int]:
    """Return the pids of all processes."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def children_of_all() -> dict[int, list[int]]:
    """Return every process's children, read in one pass."""
    families: dict[int, list[int]] = {}
    for pid in every_pid():
        fields = _stat(pid)
        if fields:
            families.setdefault(int(fields[1]), []).append(pid)
    return families


def children(pid: int) -> list[int]:
    """Return the children of a process, zombies among them."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []
    if not os.path.exists(f"/proc/{pid}/task/{pid}/children"):
        # A kernel built without CONFIG_PROC_CHILDREN.
        return children_of_all().get(pid, [])
    return [int(word) for thread in threads for word in _read(f"/proc/{pid}/task/{thread}/children").split()]


def descendants(pid: int) -> list[int]:
    """Return all processes below one, parents before children."""
    found = children(pid)
    for member in found:
        found.extend(children(member))
    return found


def environment(pid: int) -> dict[str, str]:
    """Return the environment that a process was started with, as far as this user may read it."""
    pairs = (entry.partition(b"=") for entry in _read(f"/proc/{pid}/environ").split(b"\0") if entry)
    return {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs}


def has_no_memory(pid: int) -> bool:
    """Say whether a process has no words, and so no variables: it has begun to end, or is between two programs.

    Threads of the kernel never have any.
    """
    return state(pid) not in {"", "Z", "X"} and not _read(f"/proc/{pid}/cmdline")


def is_doomed(pid: int) -> bool:
    """Say whether a process was killed, but has not come to its end yet: on a busy machine that takes its time."""
    status = dict(line.split(b":", 1) for line in _read(f"/proc/{pid}/status").splitlines() if b":" in line)
    pending = int(status.get(b"SigPnd", b"0"), 16) | int(status.get(b"ShdPnd", b"0"), 16)
    return bool(pending & KILL_BIT) or has_no_memory(pid)


def name(pid: int) -> str:
    """Return the name that a process has, or has given itself: 15 bytes of it."""
    return os.fsdecode(_read(f"/proc/{pid}/comm").strip())


def command(pid: int) -> str:
    """Return a process's command line, or its name where the line is empty."""
    words = _read(f"/proc/{pid}/cmdline").rstrip(b"\0").split(b"\0")
    line = " ".join(os.fsdecode(word) for word in words)
    return line or name(pid)


def tagged(run: str) -> list[int]:
    """Return the processes that carry a run's tag in their environment."""
    mark = f"{RUN_VARIABLE}={run}".encode()
    return [pid for pid in every_pid() if mark in _read(f"/proc/{pid}/environ").split(b"\0")]
