"""Launches what is wished, by a person or by the admin, and waits until it is up."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from prism_stack.errors import PrismError
from prism_stack.launcher.endings import Endings, Manner
from prism_stack.launcher.errors import Full, LaunchFailed, NotUp, OutOfOrder, Unknown
from prism_stack.launcher.life import Stage
from prism_stack.launcher.process import Process
from prism_stack.launcher.reconcile import Action, End, Relaunch, Retell, reconcile, step
from prism_stack.launcher.roster import Roster
from prism_stack.launcher.supervisor import Supervisor
from prism_stack.launcher.wish import Wish

LOG = logging.getLogger("prism-launcher")

MOST_WAITING = 48
"""Callers that wait for a process at the same time; more would leave no thread for the processes' own calls."""

FORMER_SECONDS = 30.0
"""How long a wish of the admin's waits in the background for the end of the process before it."""


class Launches:
    """What is to run, and whether it does."""

    def __init__(self, roster: Roster, supervisor: Supervisor, endings: Endings) -> None:
        self._roster = roster
        self._supervisor = supervisor
        self._endings = endings
        self._waiting = threading.BoundedSemaphore(MOST_WAITING)

    def launch(self, wish: Wish, patience: float, *, as_it_is: bool = False) -> Process:
        """Start what a person wishes, or find it; return it once it is up or has failed, or the patience is over.

        What failed before is started now, with its history forgotten; `as_it_is` takes one that is there with
        whatever configuration it has. Raises `Full`, `LaunchFailed`, `OutOfOrder` for a process that is there with
        another configuration, and `StateFailed`.
        """
        with self._queue(), _until(patience) as remaining:
            # Held over the look and the start: of two callers with one wish, the second finds what the first began.
            with self._roster:
                self._await_end_of_former(wish.process_id, remaining)
                held = self._roster.find(wish.process_id)
                if held is None:
                    current = self._supervisor.begin(wish)
                else:
                    current = self._launch_again(held, held.wish if as_it_is else wish)
            return self._await_up(current, remaining)

    def assign(self, wish: Wish, patience: float) -> Process:
        """Make what the admin wishes so; return the process once it is up.

        An older version than the one held changes nothing, and is not waited for. Raises `OutOfOrder` for a version
        with two contents, `NotUp` when the patience is over, and what `launch` raises.
        """
        with self._queue(), _until(patience) as remaining:
            held = self._take(wish, remaining)
            if held.wish.version > wish.version:
                return held
            if held.life.stage is Stage.FAILED:
                raise LaunchFailed(held.life.last_error)
            current = self._await_up(held, remaining)
            if current.life.stage is Stage.RUNNING:
                return current
            if current.life.errors > held.life.errors:
                raise LaunchFailed(current.life.last_error)
            raise NotUp(wish.process_id, patience, current.life.last_error)

    def settle(self, wishes: Iterable[Wish], *, complete: bool) -> None:
        """Make what runs be what the admin wishes, without waiting until it is up; what fails is logged.

        Where the wishes are complete, assigned processes that are not among them are ended.
        """
        actual = {process.id: process.wish for process in self._roster.all()}
        for action in reconcile(wishes, actual, complete=complete):
            try:
                self._carry_out(action)
            except Unknown:
                continue  # it has ended meanwhile
            except PrismError as failure:
                LOG.warning("%s", failure)

    # === within ===

    def _carry_out(self, action: Action) -> None:
        if isinstance(action, End):
            self._endings.end(action.process_id, Manner())
        else:
            with _until(FORMER_SECONDS) as remaining:
                self._take(action.wish, remaining)

    def _take(self, wish: Wish, remaining: Callable[[], float]) -> Process:
        """Do at once what a wish asks for; what has to be ended for it is ended first, with nothing held."""
        while True:
            with self._roster:
                self._await_end_of_former(wish.process_id, remaining)
                held = self._roster.find(wish.process_id)
                if held is None:
                    return self._supervisor.begin(wish)
                if held.wish.version == wish.version and not held.wish.same_content(wish):
                    raise OutOfOrder(f"version {wish.version} of {wish.process_id} was another wish")
                action = step(wish, held.wish)
                if not isinstance(action, Relaunch):
                    return self._retell(held, wish) if isinstance(action, Retell) else held
            with suppress(Unknown):
                self._endings.end(wish.process_id, Manner())

    def _retell(self, held: Process, wish: Wish) -> Process:
        """Keep the newer wish; the process hears of it with its next heartbeat."""
        told = replace(held, wish=wish)
        self._roster.put(told)
        self._roster.save()
        return told

    def _launch_again(self, held: Process, wish: Wish) -> Process:
        if not wish.runs_as(held.wish):
            if held.life.is_alive or held.wish.is_assigned:
                raise OutOfOrder(f"{wish.process_id} is there with another configuration; terminate it first")
            held = replace(held, wish=replace(wish, version=held.wish.version))
        if held.life.is_alive:
            return held
        return self._supervisor.begin_anew(held)

    def _await_up(self, process: Process, remaining: Callable[[], float]) -> Process:
        """Return the process as it is once it runs, has failed again or is gone, or when there is no time left."""
        latest = process

        def is_decided() -> bool:
            nonlocal latest
            found = self._roster.find(process.id)
            latest = found or latest
            return found is None or found.life.stage is Stage.RUNNING or found.life.errors > process.life.errors

        self._roster.wait(is_decided, remaining())
        return latest

    def _await_end_of_former(self, process_id: str, remaining: Callable[[], float]) -> None:
        if not self._roster.wait(lambda: not self._is_ending(process_id), remaining()):
            raise NotUp(process_id, 0.0, "the one before is still being ended")

    def _is_ending(self, process_id: str) -> bool:
        found = self._roster.find(process_id)
        return found is not None and found.life.stage is Stage.TERMINATING

    @contextmanager
    def _queue(self) -> Iterator[None]:
        if not self._waiting.acquire(blocking=False):
            raise Full(f"{MOST_WAITING} processes are being launched at this moment")
        try:
            yield
        finally:
            self._waiting.release()


@contextmanager
def _until(patience: float) -> Iterator[Callable[[], float]]:
    deadline = time.monotonic() + patience
    yield lambda: max(0.0, deadline - time.monotonic())
