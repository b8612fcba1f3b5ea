"""The course of a start: how each service stands, and which of them the whole had to wait for. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ziggurat.errors import Ending

if TYPE_CHECKING:
    from collections.abc import Mapping

    Needs = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """When what happened in a start, in seconds of one clock."""

    needs: Needs
    """Of each service, those that had to be ready before it was spawned."""
    spawned: Mapping[str, float]
    ready: Mapping[str, float]
    now: float


@dataclass(frozen=True, slots=True)
class Standing:
    """How one service stands."""

    service: str
    state: str

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.service}: {self.state}"


@dataclass(frozen=True, slots=True)
class Leg:
    """A part of the critical path: one service, from its spawn until it was ready."""

    service: str
    seconds: float
    is_over: bool = True

    def __str__(self) -> str:
        """Say it in a few words."""
        return f"{self.service} {_seconds(self.seconds)}{'' if self.is_over else ' so far'}"


def standings(course: Course, reports: Mapping[str, Mapping[str, Any]]) -> tuple[Standing, ...]:
    """Return how each service stands, by what the keeper tells of it; the ready ones first, in that order."""
    order = sorted(course.needs, key=lambda name: course.ready.get(name, course.now))
    return tuple(Standing(name, _state(name, course, reports.get(name))) for name in order)


def critical_path(course: Course) -> tuple[Leg, ...]:
    """Return the services that made the start as long as it is, each waited for by the next.

    It leads back from the service that was ready last, or from the one that has been awaited longest: each service was
    spawned when the last of those that it needs was ready, and that one is the leg before.
    """
    if not course.spawned:
        return ()
    path = [_last(course)]
    while needed := [name for name in course.needs.get(path[0], ()) if name in course.ready]:
        path.insert(0, max(needed, key=course.ready.__getitem__))
    return tuple(_leg(name, course) for name in path)


def _last(course: Course) -> str:
    late = [name for name in course.spawned if name not in course.ready]
    if late:
        return min(late, key=course.spawned.__getitem__)
    return max(course.spawned, key=course.ready.__getitem__)


def _leg(name: str, course: Course) -> Leg:
    end = course.ready.get(name)
    return Leg(name, (course.now if end is None else end) - course.spawned[name], is_over=end is not None)


def _state(name: str, course: Course, report: Mapping[str, Any] | None) -> str:
    if report is None and name in course.spawned:
        return _readiness(name, course)
    if report is None:
        missing = sorted(course.needs[name] - course.ready.keys())
        return f"not started, it waits for {', '.join(missing)}" if missing else "not started"
    if report["state"] == "exited" and report["exit_status"] is not None:
        return str(Ending(report["exit_status"]))
    return f"{_readiness(name, course)} ({_process(report)})"


def _readiness(name: str, course: Course) -> str:
    if name in course.ready:
        return f"ready after {_seconds(course.ready[name] - course.spawned[name])}"
    if name in course.spawned:
        return f"not ready after {_seconds(course.now - course.spawned[name])}"
    return "there"


def _process(report: Mapping[str, Any]) -> str:
    state = "stands still (SIGSTOP)" if report["paused"] else report["state"]
    restarts = f", restarted {report['restarts']} times" if report["restarts"] else ""
    return f"{state}, pid {report['pid']}{restarts}"


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
