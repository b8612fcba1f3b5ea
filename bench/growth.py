"""How the time to the first answer of the last server grows with their number, and with the size of the parent."""

from __future__ import annotations

import os
import subprocess
import time
from functools import partial
from typing import TYPE_CHECKING

from bench.keeper import Kept
from bench.race import race
from bench.row import MILLISECONDS, Goal, alone, difference, ratio
from bench.sample import alternately

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.effort import Effort
    from bench.row import Row
    from bench.server import Server
    from bench.way import Way
    from ziggurat import Lease

COUNTS = (1, 8, 64)
GROWTH_ROUNDS, SPAWN_ROUNDS = 2, 50
"""Who starts one server after the other needs half a minute for the most of them."""
LARGE = 500 << 20
"""Bytes that a parent has in memory."""
SPAWN_GOAL = Goal(at_most=0.3e-3)


def measure(server: Server, ways: Sequence[Way]) -> Iterator[Row]:
    """Compare each way's time for a number of servers with the limit's."""
    for count in COUNTS:
        results = race(ways, server, GROWTH_ROUNDS, count)
        base = results[1]
        for result in results:
            if result is not base:
                yield ratio(f"{count} {server.name}: {result.way}, over the limit", result.answered, base.answered)


def large_parent(lease: Lease, effort: Effort) -> Iterator[Row]:
    """Spawn from a process that has much in memory: through the keeper, by Popen, and with preexec_fn, as peers do."""
    ballast = bytearray(os.urandom(1 << 20)) * (LARGE >> 20)
    kept = Kept(lease)
    rounds = effort.rounds(SPAWN_ROUNDS)
    ours, plain = alternately(rounds, kept.spawn, _popen)
    yield difference("spawn from 500 MB, over subprocess.Popen", ours, plain, goal=SPAWN_GOAL)
    # By itself: whoever runs after a fork pays for each page that it writes, which the fork has marked as shared.
    forked, plain = alternately(rounds, partial(_popen, preexec_fn=os.setpgrp), _popen)
    yield difference("spawn from 500 MB by preexec_fn (mirakuru, pytest-xprocess), over Popen", forked, plain)
    yield alone("spawn from 500 MB, through the keeper", ours, unit=MILLISECONDS)
    del ballast


def _popen(**how: object) -> float:
    began = time.perf_counter()
    process = subprocess.Popen(["/bin/true"], **how)  # type: ignore[call-overload]
    elapsed = time.perf_counter() - began
    process.wait()
    return elapsed
