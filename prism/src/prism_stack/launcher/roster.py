"""The table of processes as all threads share it, and as it is saved."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from threading import Condition
from typing import Self

from prism_stack.launcher.errors import StateFailed, Unknown
from prism_stack.launcher.process import Process
from prism_stack.launcher.state import StateFile

LOG = logging.getLogger("prism-launcher")


class Roster:
    """Processes by id; whoever reads or changes more than one thing holds it (`with roster`)."""

    def __init__(self, state: StateFile) -> None:
        self._state = state
        self._changed = Condition()
        self._table: dict[str, Process] = {}
        self._is_behind = False

    def __enter__(self) -> Self:
        self._changed.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self._changed.release()

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._table)

    def describe(self) -> list[str]:
        """Return a line for each, also while others change them: for a dump, which must not wait for a lock."""
        return [process.describe() for process in list(self._table.values())]

    def all(self) -> list[Process]:
        """Return them in the order of their ids."""
        with self:
            return [self._table[process_id] for process_id in sorted(self._table)]

    def find(self, process_id: str) -> Process | None:
        """Return a process, or None."""
        with self:
            return self._table.get(process_id)

    def get(self, process_id: str) -> Process:
        """Return a process, or raise `Unknown`."""
        found = self.find(process_id)
        if found is None:
            raise Unknown("process", process_id)
        return found

    def put(self, process: Process) -> None:
        """Take a process as it is now, and wake who waits for it."""
        with self:
            self._table[process.id] = process
            self._changed.notify_all()

    def drop(self, process_id: str) -> None:
        """Forget a process."""
        with self:
            self._table.pop(process_id, None)
            self._changed.notify_all()

    def save(self) -> None:
        """Save everything, or raise `StateFailed`."""
        with self:
            self._state.save(self._table.values())
            self._is_behind = False

    def try_save(self) -> None:
        """Save everything; that it cannot be is one line of the log, until it can be again: what runs goes on."""
        try:
            self.save()
        except StateFailed as failure:
            if not self._is_behind:
                LOG.warning("%s; what runs goes on", failure)
            self._is_behind = True

    def restore(self, processes: Iterable[Process]) -> None:
        """Begin with what was saved."""
        with self:
            self._table = {process.id: process for process in processes}

    def wait(self, is_so: Callable[[], bool], seconds: float) -> bool:
        """Wait until something is so of the table; say whether it came to be."""
        with self:
            return self._changed.wait_for(is_so, seconds)
