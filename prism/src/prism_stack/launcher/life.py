"""How a process of the launcher is, and what becomes of it: pure functions on a frozen value.

         spawn            handshake, first heartbeat
(none) ───────> STARTING ───────────────────────────> RUNNING ──┐
                   ^  │ ended, silent                    │      │ terminate
                   │  └──────────────> WAITING <─────────┘      v
                   └── pause is over ──┘  │ breaker          TERMINATING ──> (none)
                   └── launched again ── FAILED <┘
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from prism_stack.launcher.policy import Failures, RestartPolicy, judge


class Stage(Enum):
    """Where a process is in its life."""

    STARTING = auto()
    RUNNING = auto()
    WAITING = auto()
    """It failed, and will be started again when a pause is over."""
    FAILED = auto()
    """It failed too often; it stays so until somebody launches it."""
    TERMINATING = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One process."""

    stage: Stage
    pid: int = 0
    start_time: int = 0
    """Of the process, in clock ticks since boot: with the pid, it is nobody else."""
    token: str = field(default="", repr=False)
    spawned_at: float = 0.0
    due: float = 0.0
    """When the handshake is overdue, or the pause over; on the monotonic clock."""
    data_endpoint: str = ""
    control_endpoint: str = ""
    is_greeted: bool = False
    is_healthy: bool = False
    heard_at: float = 0.0
    restarts: int = 0
    errors: int = 0
    last_error: str = ""
    doom: str = ""
    """Why the launcher itself is ending it, to start it again; empty where it is not."""
    failures: Failures = field(default_factory=Failures)

    @property
    def is_alive(self) -> bool:
        """Whether there is a process."""
        return self.stage in {Stage.STARTING, Stage.RUNNING, Stage.TERMINATING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spawned:
    """A process that has just been started."""

    pid: int
    start_time: int
    token: str = field(repr=False)


def begin(spawned: Spawned, *, now: float, timeout: float) -> Life:
    """Return the life of a process that was not there before."""
    return Life(
        stage=Stage.STARTING,
        pid=spawned.pid,
        start_time=spawned.start_time,
        token=spawned.token,
        spawned_at=now,
        due=now + timeout,
    )


def begin_again(life: Life, spawned: Spawned, *, now: float, timeout: float) -> Life:
    """Return the life of a process that follows one that failed; what went wrong before is remembered."""
    fresh = begin(spawned, now=now, timeout=timeout)
    return replace(
        fresh,
        restarts=life.restarts + 1,
        errors=life.errors,
        last_error=life.last_error,
        failures=life.failures,
    )


def condemn(life: Life, why: str) -> Life:
    """Take note that it is being killed so that it can be started again."""
    return replace(life, doom=why, due=math.inf)


def is_overdue(life: Life, now: float) -> bool:
    """Say whether its moment has come: to be up, or to be started again."""
    return life.stage in {Stage.STARTING, Stage.WAITING} and now >= life.due


def fall_silent(life: Life, now: float, patience: float) -> Life:
    """Return it as one that is not healthy, if it has not been heard of for so many seconds."""
    is_silent = life.stage is Stage.RUNNING and life.is_healthy and now - life.heard_at > patience
    return replace(life, is_healthy=False, last_error=f"silent for {patience:.1f} s") if is_silent else life


def next_moment(life: Life, patience: float) -> float:
    """Return when it has to be looked at again, if nothing happens to it before."""
    if life.stage in {Stage.STARTING, Stage.WAITING}:
        return life.due
    return life.heard_at + patience if life.stage is Stage.RUNNING and life.is_healthy else math.inf


def greet(life: Life, data_endpoint: str, control_endpoint: str) -> Life:
    """Take note of a handshake."""
    return replace(life, is_greeted=True, data_endpoint=data_endpoint, control_endpoint=control_endpoint)


def beat(life: Life, *, healthy: bool, now: float) -> Life:
    """Take note of a heartbeat; the first one after the handshake makes it run, unless it is being killed."""
    stage = Stage.RUNNING if life.stage is Stage.STARTING and life.is_greeted and not life.doom else life.stage
    due = math.inf if stage is Stage.RUNNING else life.due
    return replace(life, stage=stage, is_healthy=healthy, heard_at=now, due=due)


def fail(life: Life, reason: str, policy: RestartPolicy, *, now: float, chance: float) -> Life:
    """Return what follows the end of a process that nobody asked for, or a start that did not succeed."""
    ran = now - life.spawned_at if life.stage is Stage.RUNNING else 0.0
    verdict = judge(policy, life.failures, ran=ran, now=now, chance=chance)
    opened = verdict.pause is None
    return replace(
        life,
        stage=Stage.FAILED if opened else Stage.WAITING,
        pid=0,
        start_time=0,
        due=now + (verdict.pause or 0.0),
        doom="",
        is_greeted=False,
        is_healthy=False,
        errors=life.errors + 1,
        last_error=f"the breaker is open after {len(verdict.failures.at)} failures; the last: {reason}"
        if opened
        else reason,
        failures=verdict.failures,
    )
