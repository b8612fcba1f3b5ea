"""Ends processes: a drain, a grace, SIGTERM, SIGKILL; and with a deleted namespace its keys."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import NoReturn

from prism_stack.errors import PrismError
from prism_stack.launcher.crew import Crew
from prism_stack.launcher.errors import LaunchFailed, NotGone, NotPurged, Unknown
from prism_stack.launcher.life import Stage
from prism_stack.launcher.process import Process
from prism_stack.launcher.roster import Roster
from prism_stack.launcher.runner import Stopped, ask_to_stop
from prism_stack.launcher.supervisor import Supervisor

LOG = logging.getLogger("prism-launcher")

DEFAULT_GRACE = 10.0
LAST_SECONDS = 0.5
"""What a process gets after SIGTERM once its grace is over, which it spent without an answer."""
KILLED_SECONDS = 5.0
"""What the kernel may need at most to take back a process that was killed."""
PURGER_SECONDS = 10.0
"""How long a process may take to come up only to remove keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a process is ended."""

    grace: float | None = None
    """Seconds; None for the process's own, or the default."""
    force: bool = False
    """Kill it."""
    purge: bool = False
    """Have its namespace's keys removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What came of it."""

    exit_code: int = 0
    keys_removed: int = 0


class Endings:
    """Every way in which a process is ended on purpose."""

    def __init__(
        self,
        roster: Roster,
        crew: Crew,
        supervisor: Supervisor,
        stop: Callable[..., Stopped] = ask_to_stop,
    ) -> None:
        self._roster = roster
        self._crew = crew
        self._supervisor = supervisor
        self._ask_to_stop = stop

    def end(self, process_id: str, manner: Manner) -> Ended:
        """End a process and forget it; return when nothing is left of it.

        Of two that end it at once, the one with less patience decides. Raises `Unknown`, `NotGone` for one that
        cannot be killed, and `NotPurged` where keys are left: the process is then kept as one that failed.
        """
        with self._roster:
            process = self._roster.get(process_id)
            was_alive = process.life.is_alive
            is_mine = process.life.stage is not Stage.TERMINATING
            if is_mine:
                ending = replace(process, life=replace(process.life, stage=Stage.TERMINATING), purge=manner.purge)
                self._roster.put(ending)
                self._roster.try_save()
        grace = next(each for each in (manner.grace, process.wish.grace, DEFAULT_GRACE) if each is not None)
        if not is_mine:
            return self._join_other(process_id, 0.0 if manner.force else grace, manner)
        if not was_alive and manner.purge and process.wish.outlives:
            process, was_alive = self._revive(process), True
        if not was_alive:
            self._supervisor.forget(process)
            return Ended()
        return self._end_alive(process, grace, manner)

    def finish(self, process: Process) -> None:
        """Go on with an end that a launcher before this one had begun."""
        stage = Stage.RUNNING if process.life.pid else Stage.FAILED
        self._roster.put(replace(process, life=replace(process.life, stage=stage)))
        try:
            self.end(process.id, Manner(purge=process.purge))
        except PrismError as failure:
            LOG.warning("%s", failure)

    def end_all(self, grace: float) -> None:
        """End everything at once, each within the grace."""
        from concurrent.futures import ThreadPoolExecutor

        ids = [process.id for process in self._roster.all()]
        with ThreadPoolExecutor(max(1, len(ids))) as pool:
            list(pool.map(lambda process_id: self._end_if_there(process_id, grace), ids))

    # === within ===

    def _end_if_there(self, process_id: str, grace: float) -> None:
        with suppress(Unknown):
            self.end(process_id, Manner(grace=grace))

    def _end_alive(self, process: Process, grace: float, manner: Manner) -> Ended:
        began = time.monotonic()
        stopped = Stopped(drained=False)
        if not manner.force and process.life.control_endpoint:
            stopped = self._ask_to_stop(process.life.control_endpoint, grace, purge=manner.purge)
        left = max(LAST_SECONDS, grace - (time.monotonic() - began))
        steps = () if manner.force else ((int(signal.SIGTERM), left),)
        status = self._crew.end(process.id, steps)
        LOG.info("%s ended (%d)%s", process.id, status, f": {stopped.reason}" if stopped.reason else "")
        if manner.purge and process.wish.outlives and not stopped.drained:
            # Remembered, though it is gone, so that the removal can be asked for again.
            self._fail_purge(process, stopped.reason or "it was ended before it could")
        self._supervisor.forget(process)
        return Ended(exit_code=status, keys_removed=stopped.keys_removed)

    def _join_other(self, process_id: str, grace: float, manner: Manner) -> Ended:
        """Wait for the end that somebody else has begun, as long as one's own end would take."""

        def is_over() -> bool:
            found = self._roster.find(process_id)
            return found is None or found.life.stage is not Stage.TERMINATING

        if not self._roster.wait(is_over, grace + LAST_SECONDS * bool(grace)):
            if manner.purge:
                raise NotPurged(process_id, "its end is still under way")
            self._crew.kill(process_id)
            if not self._roster.wait(is_over, KILLED_SECONDS):
                raise NotGone(process_id, KILLED_SECONDS)
        if self._roster.find(process_id) is None:
            return Ended()
        return self.end(process_id, manner)

    def _revive(self, process: Process) -> Process:
        """Start what does not run, for only it can remove its keys."""
        try:
            self._supervisor.begin_anew(process)
        except LaunchFailed as failure:
            self._fail_purge(process, str(failure))

        def is_up_or_not() -> bool:
            found = self._roster.find(process.id)
            return found is None or found.life.stage is not Stage.STARTING

        self._roster.wait(is_up_or_not, PURGER_SECONDS)
        with self._roster:
            current = self._roster.get(process.id)
            if current.life.stage is not Stage.RUNNING:
                raise NotPurged(process.id, current.life.last_error or f"not up within {PURGER_SECONDS:g} s")
            self._roster.put(replace(current, life=replace(current.life, stage=Stage.TERMINATING)))
        return current

    def _fail_purge(self, process: Process, why: str) -> NoReturn:
        failure = NotPurged(process.id, why)
        life = replace(
            process.life,
            stage=Stage.FAILED,
            pid=0,
            start_time=0,
            is_greeted=False,
            is_healthy=False,
            last_error=str(failure),
        )
        self._roster.put(replace(process, life=life))
        self._roster.try_save()
        raise failure
