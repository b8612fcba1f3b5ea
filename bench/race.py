"""Ways raced against each other: each starts the same servers, is timed to the same answered call, and ends them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from bench import limit, redis
from bench.failure import MeasurementFailed
from bench.sample import Sample, alternately

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.server import Server
    from bench.way import Way

PATIENCE = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one way needed, in each round."""

    way: str
    answered: Sample
    """From the start to the first answer of the last server."""
    gone: Sample
    """The same, and from asking for the end to its end."""


class Lives:
    """The lives of one way's servers: each returns the start, and the whole is kept."""

    def __init__(self, way: Way, server: Server, count: int) -> None:
        """Live with so many servers at once."""
        self._way = way
        self._server = server
        self._count = count
        self._wholes: list[float] = []

    def once(self) -> float:
        """Return the seconds to the first answer of the last server."""
        with limit.held_ports(self._count) as endpoints:
            began = time.perf_counter()
            try:
                places = self._way.begin(self._server, endpoints)
                for place in places:
                    await_answer(partial(self._server.answers, place))
                answered = time.perf_counter() - began
                redis.pause()
                asked = time.perf_counter()
            finally:
                self._way.end()
            self._wholes.append(answered + time.perf_counter() - asked)
        return answered

    def whole(self, rounds: int) -> Sample:
        """Return the whole lives of the rounds that count."""
        return Sample.of(self._wholes[-rounds:])


def race(ways: Sequence[Way], server: Server, rounds: int, count: int = 1) -> list[Result]:
    """Race the ways in alternating turns."""
    lives = [Lives(way, server, count) for way in ways]
    samples = alternately(rounds, *(each.once for each in lives))
    return [
        Result(way=way.name, answered=answered, gone=each.whole(rounds))
        for way, answered, each in zip(ways, samples, lives, strict=True)
    ]


def await_answer(answers: Callable[[], bool]) -> None:
    """Ask until it answers: a way that calls ready what is not pays for it."""
    deadline = time.monotonic() + PATIENCE
    while not answers():
        if time.monotonic() > deadline:
            raise MeasurementFailed(f"no answer within {PATIENCE:.0f} s")
        time.sleep(limit.PAUSE)
