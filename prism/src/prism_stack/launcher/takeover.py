"""The first thing that a launcher does: it takes up what one before it left."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable

from prism_stack.launcher.adoption import settle
from prism_stack.launcher.crew import Crew, Exit
from prism_stack.launcher.process import Process
from prism_stack.launcher.roster import Roster
from prism_stack.launcher.supervisor import Supervisor

LOG = logging.getLogger("prism-launcher")


def take_up(
    saved: Iterable[Process],
    crew: Crew,
    roster: Roster,
    supervisor: Supervisor,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Adopt what was saved and runs, end what runs and was not saved, and take note of what ended meanwhile."""
    found = settle(saved, crew.running(), clock())
    for process_id in found.strange:
        LOG.warning("%s runs, and is none that was launched: ending it", process_id)
        crew.end(process_id, ())
    roster.restore((*found.kept, *found.lost))
    statuses = crew.statuses()
    for process in found.lost:
        ended = Exit(process_id=process.id, pid=process.life.pid, status=statuses.get(process.id, 0))
        supervisor.take_exit(ended)
    if found.kept:
        LOG.info("adopted %s", ", ".join(process.id for process in found.kept))
