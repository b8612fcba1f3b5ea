"""What a program tells of itself when it is asked by a signal: its answer stands where its stderr or stdout goes."""

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
STDOUT, STDERR = 1, 2


def ask(pid: int, number: int, seconds: float = ANSWER_SECONDS) -> Part:
    """Ask a service for its dump by a signal, and return what it writes to its stderr, or else to its stdout.

    One that does not catch the signal would die of it, and is not asked; nor is one whose answer could not be read.
    """
    title = "what it says itself"
    if not proc.catches(pid, number):
        return Part(title=title, problem="it does not catch the signal that asks it")
    try:
        places = [Path(f"/proc/{pid}/fd/{descriptor}").readlink() for descriptor in (STDERR, STDOUT)]
        answers = [Answer(ServiceLog(place)) for place in dict.fromkeys(places) if place.is_file()]
        if not answers:
            return Part(title=title, problem=f"its stderr goes to {places[0]}, which cannot be read")
        os.kill(pid, number)
    except OSError as error:
        return Part(title=title, problem=(error.strerror or str(error)).lower())
    lines = _awaited(answers, time.monotonic() + seconds)
    return Part(title=title, lines=lines, problem="" if lines else f"it said nothing within {seconds:g} s")


class Answer:
    """What comes in one file from now on."""

    def __init__(self, log: ServiceLog) -> None:
        """Begin at its end."""
        self._log = log
        self._since = self._size = log.size()
        self._grown = time.monotonic()

    def is_quiet(self) -> bool:
        """Say whether something has come and then, for a while, nothing more."""
        now, size = time.monotonic(), self._log.size()
        if size != self._size:
            self._size, self._grown = size, now
        return size > self._since and now - self._grown > QUIET_SECONDS

    def is_whole(self) -> bool:
        """Say whether the last line of a dump has come."""
        return self._log.size() > self._since and LAST_LINE in self.lines()[-3:]

    def lines(self) -> list[str]:
        """Return what has come."""
        _, data = self._log.part(self._since, MOST_BYTES)
        return data.decode(errors="replace").splitlines()


def _awaited(answers: list[Answer], deadline: float) -> tuple[str, ...]:
    """Return the dump that comes whole in one of the files, or else what comes in the first in which anything does.

    What comes in a second file may be a program's usual log, and its silence says nothing of the dump.
    """
    whole: list[Answer] = []
    while not whole and time.monotonic() < deadline and not answers[0].is_quiet():
        time.sleep(0.005)
        whole = [answer for answer in answers if answer.is_whole()]
    return next((tuple(lines) for answer in [*whole, *answers] if (lines := answer.lines())), ())
