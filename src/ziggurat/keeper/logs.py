"""The log of one service: a file that it appends to, with the time at which each part was first seen."""

from __future__ import annotations

import os
import time
from bisect import bisect_right
from operator import itemgetter

from . import kernel

BLOCK = 4096
SLACK = 1 << 20  # punched a MiB at a time: one call of the kernel per MiB, not per line
MARK_EVERY = 1_000_000  # nanoseconds: a finer mark tells nothing that scheduling noise does not drown
MARKS = 20_000
CLOSED = 64  # logs of services that were removed, whose marks a failure may still ask for
CLOSED_MARKS = 2_000


class Log:
    """An append-only file of bounded size and the marks (offset, time) of its growth."""

    def __init__(self, path: str, bound: int) -> None:
        """Create the file; past ``bound`` bytes its oldest part is given back to the disk."""
        self.path = path
        self.dropped = 0
        self.size = 0
        self._bound = bound
        self._marks: list[tuple[int, int]] = []
        self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self.grew()

    def grew(self) -> bool:
        """Look at the file and note what came; say whether anything did."""
        size = os.fstat(self._file).st_size
        if size == self.size:
            return False
        self._mark(self.size, time.monotonic_ns())
        self.size = size
        if size - self.dropped > self._bound + SLACK:
            self._drop(size - self._bound)
        return True

    def marks(self, since: int = 0) -> list[tuple[int, int]]:
        """Return (offset, monotonic nanoseconds), oldest first: bytes from an offset on were first seen then.

        With ``since`` they begin with the one that tells of the byte at that offset.
        """
        return self._marks[max(0, bisect_right(self._marks, since, key=itemgetter(0)) - 1) :]

    def close(self) -> None:
        """Close the file; it stays where it is."""
        os.close(self._file)

    def _mark(self, offset: int, now: int) -> None:
        if not self._marks or now - self._marks[-1][1] >= MARK_EVERY:
            self._marks.append((offset, now))
        if len(self._marks) > MARKS:
            del self._marks[: MARKS // 2]

    def _drop(self, upto: int) -> None:
        end = upto - upto % BLOCK
        try:
            kernel.punch_hole(self._file, self.dropped, end - self.dropped)
        except OSError:
            # A file system without holes keeps the whole file: more disk, nothing lost.
            self._bound = 1 << 62
            return
        self.dropped = end
        self._marks = [mark for mark in self._marks if mark[0] >= end]


class ClosedLogs:
    """The marks of the latest logs that were closed: whoever reports a failure may come after the services' end."""

    def __init__(self) -> None:
        """Hold none yet."""
        self._marks: dict[str, list[tuple[int, int]]] = {}

    def add(self, log: Log) -> None:
        """Keep the latest marks of a log; the oldest log goes for it where there are many."""
        self._marks.pop(log.path, None)
        self._marks[log.path] = log.marks()[-CLOSED_MARKS:]
        while len(self._marks) > CLOSED:
            del self._marks[next(iter(self._marks))]

    def marks(self, path: str) -> list[tuple[int, int]]:
        """Return the marks of a log as they were at the end; none for one that is not known."""
        return self._marks.get(path, [])
