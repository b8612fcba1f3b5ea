"""What a process takes of the machine, as the kernel counts it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")
TICK = 1 / os.sysconf("SC_CLK_TCK")
MEGABYTE = 1 << 20
USER_TIME, SYSTEM_TIME = 11, 12
"""Fields of /proc/PID/stat after the name, counted from 0 (proc(5))."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What it takes."""

    memory_mb: int = 0
    """Resident, in MiB."""
    cpu_percent: float = 0.0
    """Of one processor, over its whole life."""


def usage(pid: int, seconds: float, proc: Path = Path("/proc")) -> Usage:
    """Return what a process takes that has been there for so many seconds; nothing for one that is not."""
    try:
        pages = int((proc / str(pid) / "statm").read_text().split()[1])
        words = (proc / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (OSError, IndexError, ValueError):
        return Usage()
    busy = (int(words[USER_TIME]) + int(words[SYSTEM_TIME])) * TICK
    return Usage(memory_mb=pages * PAGE // MEGABYTE, cpu_percent=100 * busy / max(seconds, TICK))
