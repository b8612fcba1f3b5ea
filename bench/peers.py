"""Ziggurat beside its peers: the same servers, started and ended by each, in alternating turns."""

from __future__ import annotations

import signal
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from bench import growth, lag
from bench.race import race
from bench.row import Goal, Row, ratio
from bench.server import native_server, redis_server
from bench.way import Honcho, Limit, Mirakuru, Ours, PlainPopen, XProcess
from ziggurat import own

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.effort import Effort
    from bench.race import Result
    from bench.server import Server
    from bench.way import Way
    from ziggurat import Lease

ROUNDS, EIGHT_ROUNDS = 20, 10
GOALS = {"redis": (Goal(at_most=1.15), Goal(at_most=1.2)), "native": (Goal(at_most=2.5), Goal(at_most=2.5))}
EIGHT = 8
EIGHT_GOAL = Goal(at_most=4.5)


def measure(effort: Effort) -> Iterator[Row]:
    """Race everybody, one server, eight, and ever more; then the lag of readiness."""
    with tempfile.TemporaryDirectory() as name, own() as lease:
        folder = Path(name)
        servers = (redis_server(), native_server(folder))
        for server in servers:
            yield from _alone(server, lease, folder, effort.rounds(ROUNDS))
        yield from _eight(servers[0], lease, folder, effort.rounds(EIGHT_ROUNDS))
        yield from growth.measure(servers[1], everybody(lease, folder))
        yield from growth.large_parent(lease, effort)
        yield from lag.measure(folder, lease, effort)
        lease.end()


def everybody(lease: Lease, folder: Path) -> list[Way]:
    """Return Ziggurat, the limit, and each peer that is installed."""
    ways: list[Way] = [Ours(lease=lease), Limit(log=folder / "limit.log", number=signal.SIGTERM), PlainPopen()]
    if find_spec("mirakuru"):
        ways.append(Mirakuru())
    if find_spec("xprocess"):
        ways.append(XProcess(folder=folder))
    if find_spec("honcho"):
        ways.append(Honcho(folder=folder))
    return ways


def _alone(server: Server, lease: Lease, folder: Path, rounds: int) -> Iterator[Row]:
    """Race everybody with one server; each row is a way over the limit."""
    results = race(everybody(lease, folder), server, rounds)
    base = results[1]
    for result in results:
        if result is not base:
            yield from _over(base, result, server)


def _over(base: Result, result: Result, server: Server) -> Iterator[Row]:
    answered, gone = GOALS[server.name] if result.way == "ziggurat" else (None, None)
    name = f"{server.name}: {result.way}"
    yield ratio(f"{name}, start → first answer, over the limit", result.answered, base.answered, goal=answered)
    yield ratio(f"{name}, start → answer → gone, over the limit", result.gone, base.gone, goal=gone)


def _eight(server: Server, lease: Lease, folder: Path, rounds: int) -> Iterator[Row]:
    """Compare eight at once with one, for each way."""
    ways = everybody(lease, folder)
    ones = race(ways, server, rounds)
    eights = race(ways, server, rounds, EIGHT)
    for one, eight in zip(ones, eights, strict=True):
        goal = EIGHT_GOAL if one.way == "ziggurat" else None
        yield ratio(f"{server.name}: {one.way}, {EIGHT} at once over one", eight.answered, one.answered, goal=goal)
