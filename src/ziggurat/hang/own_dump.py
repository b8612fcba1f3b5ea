"""What a program tells of itself when it is asked by a signal: its answer stands in its log."""

from __future__ import annotations

import os
import time
from pathlib import Path

from ziggurat.hang import proc
from ziggurat.hang.model import Part
from ziggurat.log import ServiceLog

ANSWER_SECONDS = 1.5
"""A program answers within a second, a stuck one too; the rest is for a busy machine."""
QUIET_SECONDS = 0.2
LAST_LINE = "end of dump"
MOST_BYTES = 512 << 10


def ask(pid: int, number: int, seconds: float = ANSWER_SECONDS) -> Part:
    """Ask a service for its dump by a signal, and return what it writes to its stderr.

    One that does not catch the signal would die of it, and is not asked.
    """
    title = "what it says itself"
    if not proc.catches(pid, number):
        return Part(title=title, problem="it does not catch the signal that asks it")
    try:
        stderr = Path(f"/proc/{pid}/fd/2").readlink()
        if not stderr.is_file():
            return Part(title=title, problem=f"its stderr goes to {stderr}, which cannot be read")
        log = ServiceLog(stderr)
        since = log.size()
        os.kill(pid, number)
    except OSError as error:
        return Part(title=title, problem=(error.strerror or str(error)).lower())
    lines = _answer(log, since, time.monotonic() + seconds)
    return Part(title=title, lines=lines, problem="" if lines else f"it said nothing within {seconds:g} s")


def _answer(log: ServiceLog, since: int, deadline: float) -> tuple[str, ...]:
    """Return what comes until the last line of a dump, until nothing more comes, or until the deadline."""
    size, grown = since, time.monotonic()
    while time.monotonic() < deadline:
        now = log.size()
        if now != size:
            size, grown = now, time.monotonic()
        elif size > since and time.monotonic() - grown > QUIET_SECONDS:
            break
        if size > since and LAST_LINE in _lines(log, since)[-3:]:
            break
        time.sleep(0.005)
    return tuple(_lines(log, since))


def _lines(log: ServiceLog, since: int) -> list[str]:
    _, data = log.part(since, MOST_BYTES)
    return data.decode(errors="replace").splitlines()
