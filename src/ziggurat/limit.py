"""Limits of a service while it runs: set for a while, and looked at."""

from __future__ import annotations

import resource
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ziggurat.errors import FaultNotEffective
from ziggurat.fault import lasting
from ziggurat.keeper import processes
from ziggurat.spec import Limits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from contextlib import AbstractContextManager

    from ziggurat.service import RunningService

RESOURCES = {"open_files": resource.RLIMIT_NOFILE, "memory": resource.RLIMIT_DATA}


@dataclass(frozen=True, slots=True)
class Limited:
    """A process, and the soft limits that it had."""

    pid: int
    soft: Mapping[int, int]


def limited(service: RunningService, limits: Limits) -> AbstractContextManager[Limited]:
    """Have a service's soft limits lowered; the hard ones stay, so that they can be raised again."""
    asked = _numbers(limits)
    what = f"limited ({describe(limits)})"

    def begin() -> Limited:
        service.refuse_unless_alone()
        pid = service.pid
        before = Limited(pid, _soft(pid, asked))
        try:
            _set(pid, asked)
            refuse_other(_soft(pid, asked))
        except BaseException:
            _set(pid, before.soft)
            raise
        service.story(what).tell(on=True)
        return before

    def end(before: Limited) -> Mapping[int, int]:
        try:
            found = _soft(before.pid, asked)
            _set(before.pid, before.soft)
        except ProcessLookupError:
            # It ended under them, and its next process has those that were declared.
            found = asked
        service.story(what).tell(on=False)
        return found

    def refuse_other(found: Mapping[int, int]) -> None:
        if found != asked:
            raise FaultNotEffective(service.name, what, "it set its limits itself meanwhile")

    return lasting(begin, end, refuse_other)


def limits_of(pid: int) -> Limits:
    """Return the soft limits of a process; raise ``ProcessLookupError`` for one that is gone."""
    soft = {name: resource.prlimit(pid, number)[0] for name, number in RESOURCES.items()}
    return Limits(**{name: None if value == resource.RLIM_INFINITY else value for name, value in soft.items()})


def describe(limits: Limits) -> str:
    """Return limits in a few words, for people."""
    files = [] if limits.open_files is None else [f"{limits.open_files} open files"]
    memory = [] if limits.memory is None else [f"{limits.memory} bytes of memory"]
    return ", ".join([*files, *memory]) or "no limits"


def _numbers(limits: Limits) -> dict[int, int]:
    """Return what the kernel is to be told."""
    asked = {number: getattr(limits, name) for name, number in RESOURCES.items()}
    return {number: value for number, value in asked.items() if value is not None}


def _soft(pid: int, numbers: Iterable[int]) -> dict[int, int]:
    return {number: resource.prlimit(pid, number)[0] for number in numbers}


def _set(main: int, soft: Mapping[int, int]) -> None:
    for pid in (main, *processes.descendants(main)):
        for number, value in soft.items():
            hard = resource.prlimit(pid, number)[1]
            resource.prlimit(pid, number, (value, hard))
