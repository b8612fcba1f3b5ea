"""What was found out about a hang: values that the report is made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing that was asked; its lines, or why there are none."""

    title: str
    lines: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process that belongs to the hang."""

    pid: int
    label: str
    """The service as ``stack.service``, or what it is otherwise."""
    command: str
    dump: int = 0
    """The signal that asks it what it is doing; 0 for one that must not be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What was found out about one process."""

    process: Process
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hang:
    """A test that hangs, as it was when somebody looked."""

    test: str
    reason: str
    seconds: float
    """How long the look took."""
    stacks: Part
    """The threads of the process that runs the test."""
    processes: tuple[Looked, ...]
    omitted: int = 0
    """Processes beyond those that were looked at."""
