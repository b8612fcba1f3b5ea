"""redis-server alone: from start to the first PONG, and on until it is gone."""

from __future__ import annotations

import random
import shutil
import signal
import socket
import tempfile
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bench import limit
from bench.failure import MeasurementFailed
from bench.row import Goal, Row, ratio
from bench.sample import Sample, alternately
from ziggurat import FREE, LogLine, Notify, Service, Stack, Tcp, own, start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.effort import Effort
    from ziggurat import Endpoint, Lease, Probe

ROUNDS = 40
PONG_GOAL = Goal(at_most=1.15)
GONE_GOAL = Goal(at_most=1.2)
PING = b"PING\r\n"
PONG = b"+PONG"
TICK = 1 / 500
SETTINGS = ("--hz", "500", "--save", "", "--bind", "127.0.0.1")
"""It looks at signals when its clock ticks."""
SUPERVISED = ("--supervised", "systemd")


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way to know that redis is ready."""

    name: str
    probe: Probe
    arguments: tuple[str, ...] = ()


WAYS = (
    Way(name="notify", probe=Notify(), arguments=SUPERVISED),
    Way(name="log line", probe=LogLine(pattern="Ready to accept connections")),
    Way(name="TCP", probe=Tcp(endpoint="data")),
)


@dataclass(slots=True, kw_only=True)
class Life:
    """Measures lives of one redis after the other: returns the start, keeps the whole."""

    program: str
    lives: list[float]

    def under_ziggurat(self, way: Way, lease: Lease) -> float:
        """Return the seconds to the first PONG through the toolkit; keep those to the end of ``stop``."""
        began = time.perf_counter()
        running = start(stack(self.program, way), lease=lease)
        answered = pinged(running["redis"].endpoints["data"])
        pong = time.perf_counter() - began
        pause()
        asked = time.perf_counter()
        running.stop()
        self.lives.append(pong + time.perf_counter() - asked)
        if not answered:
            raise MeasurementFailed("redis was called ready, but did not answer its first PING")
        return pong

    def bare(self, log: Path) -> float:
        """Return the same of a redis that is only spawned, looked at, signalled and reaped."""
        with limit.held_ports(1) as (endpoint,):
            began = time.perf_counter()
            pid = limit.spawn([self.program, "--port", str(endpoint.port), *SETTINGS], log)
            limit.look_until(partial(pinged, endpoint))
            pong = time.perf_counter() - began
            pause()
            asked = time.perf_counter()
            limit.end(pid, signal.SIGTERM)
            self.lives.append(pong + time.perf_counter() - asked)
        return pong

    def whole(self, rounds: int) -> Sample:
        """Return the whole lives of the rounds that count."""
        return Sample.of(self.lives[-rounds:])


def measure(effort: Effort) -> Iterator[Row]:
    """Compare each way to know that redis is ready with the limit."""
    program = shutil.which("redis-server")
    if program is None:
        yield Row(what="redis-server", note="not installed on this machine")
        return
    rounds = effort.rounds(ROUNDS)
    with own() as lease, tempfile.TemporaryDirectory() as folder:
        compared = [_compare(way, program, lease, Path(folder) / "limit.log", rounds=rounds) for way in WAYS]
        lease.end()
    yield from _best_judged(compared)


def _compare(way: Way, program: str, lease: Lease, log: Path, *, rounds: int) -> tuple[Row, Row]:
    mine, theirs = Life(program=program, lives=[]), Life(program=program, lives=[])
    ours, base = alternately(rounds, lambda: mine.under_ziggurat(way, lease), lambda: theirs.bare(log))
    return (
        ratio(f"start → first PONG, ready by {way.name}", ours, base),
        ratio(f"start → PONG → gone, ready by {way.name}", mine.whole(rounds), theirs.whole(rounds)),
    )


def _best_judged(compared: list[tuple[Row, Row]]) -> Iterator[Row]:
    """Hold the way that was ready first to the goals: a person would choose that one."""
    best = min(compared, key=lambda rows: rows[0].figure or 0.0)
    for pong, gone in compared:
        chosen = (pong, gone) == best
        yield replace(pong, goal=PONG_GOAL) if chosen else pong
        yield replace(gone, goal=GONE_GOAL) if chosen else gone


def stack(program: str, way: Way) -> Stack:
    """Describe redis alone."""
    redis = Service(
        name="redis",
        command=(program, "--port", "{data.port}", *SETTINGS, *way.arguments),
        ports={"data": FREE},
        ready=way.probe,
    )
    return Stack(name="redis", services=(redis,))


def pause() -> None:
    """Wait for any part of a tick, so that neither side always sends its signal at a lucky moment; it is not timed."""
    time.sleep(random.uniform(1, 2) * TICK)  # noqa: S311 - nothing is secret here


def pinged(endpoint: Endpoint) -> bool:
    """Say whether redis answers a PING."""
    try:
        with socket.create_connection((endpoint.host, endpoint.port), timeout=1) as link:
            link.sendall(PING)
            return link.recv(64).startswith(PONG)
    except OSError:
        return False
