"""What a launcher finds that comes after a killed one: what it had goes on, and what nobody knows is ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from prism_stack.launcher.life import Life, Stage
from prism_stack.launcher.process import Process

Identity = tuple[int, int]
"""A pid and a start time: together nobody else's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """How what was saved and what runs go together."""

    kept: tuple[Process, ...]
    """As they were, alive or not."""
    lost: tuple[Process, ...]
    """Saved as alive, and not there any more."""
    strange: tuple[str, ...]
    """The ids of processes that run and are none that was saved."""


def settle(saved: Iterable[Process], running: Mapping[str, Identity], now: float) -> Found:
    """Compare what was saved with what the keeper runs; a name alone proves nothing."""
    kept, lost = [], []
    for process in saved:
        if process.life.stage is Stage.STARTING and not process.life.pid:
            # Saved, and its launcher killed before it was spawned, or before that was known.
            kept.append(replace(process, life=replace(process.life, stage=Stage.WAITING, due=now)))
        elif not process.life.is_alive or running.get(process.id) == (process.life.pid, process.life.start_time):
            kept.append(replace(process, life=heard(process.life, now)))
        elif process.life.stage is Stage.TERMINATING:
            # It is gone, as it should be; what else belongs to its end is still to be done.
            kept.append(replace(process, life=replace(process.life, pid=0, start_time=0, control_endpoint="")))
        else:
            lost.append(process)
    known = {process.id for process in kept if process.life.is_alive and process.life.pid}
    return Found(kept=tuple(kept), lost=tuple(lost), strange=tuple(sorted(running.keys() - known)))


def heard(life: Life, now: float) -> Life:
    """Return a life that is not silent for the time in which nobody listened."""
    return replace(life, heard_at=now) if life.stage is Stage.RUNNING else life
