"""Starts processes, sees their ends at once, and starts again what failed, as the policy says.

One thread watches: the keeper tells it of every end, and the next moment that something is due wakes it.
"""

from __future__ import annotations

import logging
import os
import random
import select
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta

from prism_stack.launcher.crew import Crew, Exit
from prism_stack.launcher.errors import Full, LaunchFailed, StateFailed
from prism_stack.launcher.life import (
    Life,
    Spawned,
    Stage,
    begin,
    begin_again,
    condemn,
    fail,
    fall_silent,
    is_overdue,
    next_moment,
)
from prism_stack.launcher.policy import RestartPolicy
from prism_stack.launcher.process import Process
from prism_stack.launcher.roster import Roster
from prism_stack.launcher.starter import Starter
from prism_stack.launcher.wish import Wish
from ziggurat import KeeperLost
from ziggurat.errors import Ending

LOG = logging.getLogger("prism-launcher")
MISSED_HEARTBEATS = 3
"""A process of which so many heartbeats are missing is not healthy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How processes are supervised."""

    restart: RestartPolicy = field(default_factory=RestartPolicy)
    heartbeat: timedelta = timedelta(seconds=5)
    """How often a process is to be heard of."""
    max_processes: int = 100

    @property
    def patience(self) -> float:
        """Seconds without a heartbeat after which a process counts as silent."""
        return MISSED_HEARTBEATS * self.heartbeat.total_seconds()


class Supervisor:
    """The thread that watches, and every way in which a process comes to life."""

    def __init__(
        self,
        roster: Roster,
        crew: Crew,
        starter: Starter,
        rules: Rules,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._roster = roster
        self._crew = crew
        self._starter = starter
        self._rules = rules
        self._clock = clock
        self._chance: Callable[[], float] = random.random
        self._news = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)
        self.when_changed: Callable[[], None] = lambda: None
        """Called after a process has come up or failed, from any thread."""
        self.when_lost: Callable[[], None] = lambda: None
        """Called when the keeper is gone, and with it every process."""

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def close(self) -> None:
        """Watch no more."""
        self._closing.set()
        self.wake()
        self._thread.join()
        os.close(self._news)

    def wake(self) -> None:
        """Look at everything anew: something may be due earlier than before."""
        os.eventfd_write(self._news, 1)

    # === coming to life ===

    def begin(self, wish: Wish) -> Process:
        """Start what is not there, and return what is; whatever goes wrong, nothing of it is left.

        Raises `Full`, `LaunchFailed`, `StateFailed`.
        """
        with self._roster:
            if held := self._roster.find(wish.process_id):
                return held
            if len(self._roster) >= self._rules.max_processes:
                raise Full(f"{self._rules.max_processes} processes are there already (max_processes)")
            port = self._starter.hold_port(wish)
            process = Process(wish=wish, life=Life(stage=Stage.STARTING), port=port)
            try:
                # Before the spawn: what is started is known after a crash.
                self._keep(process)
                return self._spawn(process, begin)
            except (LaunchFailed, StateFailed):
                self.forget(process)
                raise

    def begin_anew(self, process: Process) -> Process:
        """Start at once what failed, its history forgotten; raise `LaunchFailed`, with the process as it was."""
        with self._roster:
            return self._spawn(process, begin)

    def forget(self, process: Process) -> None:
        """Give back what a process that has ended held."""
        self._crew.forget(process.id)
        self._starter.release_port(process.port)
        self._roster.drop(process.id)
        self._roster.try_save()

    def _keep(self, process: Process) -> None:
        self._roster.put(process)
        self._roster.save()

    def _spawn(self, process: Process, birth: Callable[..., Life]) -> Process:
        since = self._crew.log(process.id).size()
        spawned = self._starter.spawn(process.wish, process.port)
        life = birth(spawned, now=self._clock(), timeout=self._starter.timeout(process.wish))
        return self._note(replace(process, life=life, log_start=since))

    def _note(self, process: Process) -> Process:
        self._roster.put(process)
        self._roster.try_save()
        self.wake()
        return process

    # === watching ===

    def _run(self) -> None:
        poller = select.poll()
        for descriptor in (self._news, *self._crew.descriptors()):
            poller.register(descriptor, select.POLLIN)
        while not self._closing.is_set():
            poller.poll(self._pause())
            try:
                self.step()
            except KeeperLost:
                self.when_lost()
                return
            except Exception:
                # Nobody else would supervise anything any more.
                LOG.exception("a look at the processes failed")

    def step(self) -> None:
        """Take what has ended, and do what is due."""
        with suppress(BlockingIOError):
            os.eventfd_read(self._news)
        for ended in self._crew.exits():
            self.take_exit(ended)
        for process in self._roster.all():
            self._look_at(process.id)

    def take_exit(self, ended: Exit) -> None:
        """Take note of an end that nobody asked for."""
        with self._roster:
            process = self._roster.find(ended.process_id)
            if process is None or process.life.pid != ended.pid or process.life.stage is Stage.TERMINATING:
                return
            words = self._crew.last_words(process.id, process.log_start)
            self._fail(process, reason(process.life, ended.status, words))

    def _look_at(self, process_id: str) -> None:
        with self._roster:
            process = self._roster.find(process_id)
            now = self._clock()
            if process is None:
                return
            if is_overdue(process.life, now):
                self._give_up(process) if process.life.stage is Stage.STARTING else self._restart(process)
                return
            silent = fall_silent(process.life, now, self._rules.patience)
            if silent is not process.life:
                LOG.warning("%s: %s", process.id, silent.last_error)
                self._roster.put(replace(process, life=silent))
                self.when_changed()

    def _give_up(self, process: Process) -> None:
        """Kill what does not come up; that it has ended is told like any other end."""
        waited = self._starter.timeout(process.wish)
        missing = "no heartbeat" if process.life.is_greeted else "no handshake"
        self._roster.put(replace(process, life=condemn(process.life, f"{missing} within {waited:g} s")))
        self._crew.kill(process.id)

    def _restart(self, process: Process) -> None:
        def birth(spawned: Spawned, *, now: float, timeout: float) -> Life:
            return begin_again(process.life, spawned, now=now, timeout=timeout)

        try:
            self._spawn(process, birth)
            LOG.info("%s: started again (%d)", process.id, process.life.restarts + 1)
        except LaunchFailed as failure:
            self._fail(process, str(failure))

    def _fail(self, process: Process, why: str) -> None:
        life = fail(process.life, why, self._rules.restart, now=self._clock(), chance=self._chance())
        LOG.warning("%s: %s", process.id, why)
        if life.stage is Stage.FAILED:
            LOG.error("%s: %s", process.id, life.last_error)
        self._note(replace(process, life=life))
        self.when_changed()

    def _pause(self) -> float | None:
        moments = [next_moment(process.life, self._rules.patience) for process in self._roster.all()]
        soonest = min(moments, default=float("inf"))
        # Never before the moment: a poll of a rounded-down pause would find nothing due, and spin.
        return None if soonest == float("inf") else max(0.0, soonest - self._clock()) * 1000 + 1


def reason(life: Life, status: int, words: str) -> str:
    """Say how a process ended, with the last that it wrote."""
    while_starting = "" if life.stage is Stage.RUNNING else " while it was starting"
    how = life.doom or f"{Ending(status)}{while_starting}"
    return f"{how}: {words}" if words else how
