"""Runs and their processes as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ziggurat.census import Member, Run

COMMAND_SHOWN = 60
"""Characters of a command: with the rest of the line they fit into a terminal of 100 columns."""
MINUTE, HOUR = 60, 3600


def table(runs: Sequence[Run]) -> str:
    """Return each run with its processes below it."""
    if not runs:
        return "no run of this user is there\n"
    return "".join(line for run in runs for line in (_head(run), *_members(run.members)))


def cleaned(ended: Sequence[tuple[Run, Sequence[Member]]]) -> str:
    """Return what was ended of each dead run."""
    if not ended:
        return "nothing was left over\n"
    return "".join(
        line
        for run, members in ended
        for line in (f"run {run.tag}: ended {len(members)}, removed {run.folder}\n", *_members(members))
    )


def _head(run: Run) -> str:
    if not run.lives:
        return f"run {run.tag}: keeper and warden are gone, {len(run.members)} left over; `ziggurat clean` ends them\n"
    keeper = run.keeper or "gone"
    return f"run {run.tag}: keeper {keeper}, warden {run.warden or 'gone'}, in {run.folder}\n"


def _members(members: Iterable[Member]) -> list[str]:
    return [
        f"  {member.pid:>7} {_age(member.seconds):>6}  {member.service or '-'}  {_shortened(member.command)}\n"
        for member in members
    ]


def _age(seconds: float) -> str:
    if seconds < MINUTE:
        return f"{seconds:.0f} s"
    return f"{seconds / MINUTE:.0f} min" if seconds < HOUR else f"{seconds / HOUR:.0f} h"


def _shortened(command: str) -> str:
    return command if len(command) <= COMMAND_SHOWN else f"{command[: COMMAND_SHOWN - 1]}…"
