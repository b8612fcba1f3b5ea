"""How long after a server is ready that is known."""

from __future__ import annotations

import random
import time
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

from bench import limit
from bench.row import MILLISECONDS, Goal, alone
from bench.sample import alternately
from bench.server import native_server, up_since
from bench.way import Mirakuru, Ours, PlainPopen, XProcess
from ziggurat import LogLine, Notify, Tcp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.effort import Effort
    from bench.row import Row
    from bench.way import Way
    from ziggurat import Lease

ROUNDS = 40
SHORTEST, LONGEST = 5.0, 60.0
"""Milliseconds that the server needs before it listens."""
EVENT_GOAL, POLL_GOAL = Goal(at_most=0.5e-3), Goal(at_most=1.5e-3)


def measure(folder: Path, lease: Lease, effort: Effort) -> Iterator[Row]:
    """Measure it by event and by poll, and the peers'."""
    ways: list[tuple[str, Way, Goal | None]] = [
        ("ziggurat, by sd_notify", Ours(lease=lease, probe=Notify()), EVENT_GOAL),
        ("ziggurat, by a line of the log", Ours(lease=lease, probe=LogLine(pattern="^ready$")), EVENT_GOAL),
        ("ziggurat, by connecting", Ours(lease=lease, probe=Tcp(endpoint="data")), POLL_GOAL),
        ("Popen + sleep 0.1", PlainPopen(), None),
    ]
    if find_spec("mirakuru"):
        ways.append(("mirakuru", Mirakuru(), None))
    if find_spec("xprocess"):
        ways.append(("pytest-xprocess", XProcess(folder=folder), None))
    samples = alternately(effort.rounds(ROUNDS), *(partial(lag_of, way, folder) for _, way, _ in ways))
    for (name, _, goal), sample in zip(ways, samples, strict=True):
        yield alone(f"lag of readiness: {name}", sample, unit=MILLISECONDS, goal=goal)


def lag_of(way: Way, folder: Path) -> float:
    """Return the seconds between the server's readiness and the return of whoever waited for it."""
    delay = random.uniform(SHORTEST, LONGEST)  # noqa: S311 - nothing is secret here
    with limit.held_ports(1) as endpoints:
        try:
            (place,) = way.begin(native_server(folder, f"{delay:.2f}"), endpoints)
            known = time.monotonic_ns()
            return (known - up_since(place)) / 1e9
        finally:
            way.end()
