"""What /proc says of a process: its memory and its processor time."""

from __future__ import annotations

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
USER, SYSTEM = 11, 12
"""Fields of /proc/PID/stat, counted after the name."""


def resident(pid: int) -> int:
    """Return the bytes in memory now."""
    return _status(pid, "VmRSS")


def most_resident(pid: int) -> int:
    """Return the most bytes that ever were in memory."""
    return _status(pid, "VmHWM")


def processor_seconds(pid: int) -> float:
    """Return the processor time used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[USER]) + int(fields[SYSTEM])) / TICKS


def _status(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    kibibytes = next(line.split()[1] for line in lines if line.startswith(f"{name}:"))
    return int(kibibytes) << 10
