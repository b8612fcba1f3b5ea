"""A proxy and a runner: from start to the first answered call through the proxy."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench import limit
from bench.calls import FirstAnswer
from bench.failure import MeasurementFailed
from bench.row import Goal, ratio
from bench.sample import alternately
from prism_stack import stacks, workspace
from ziggurat import own, start
from ziggurat.template import fill

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.effort import Effort
    from bench.row import Row
    from ziggurat import Endpoint, Lease, Stack

ROUNDS = 40
GOAL = Goal(at_most=1.5)


def measure(effort: Effort) -> Iterator[Row]:
    """Compare ``ziggurat.start`` over a warm keeper with the limit."""
    stack = stacks.keyvalue_stack(stacks.paths(workspace.programs(release=True)))
    with own() as lease, tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "limit.log"
        ours, base = alternately(
            effort.rounds(ROUNDS), lambda: started_by_ziggurat(stack, lease), lambda: started_bare(stack, log)
        )
        lease.end()
    yield ratio("start → first answered call, over the limit", ours, base, goal=GOAL)


def started_by_ziggurat(stack: Stack, lease: Lease) -> float:
    """Return the seconds that a start through the toolkit takes; its end is not timed."""
    began = time.perf_counter()
    running = start(stack, lease=lease)
    first = FirstAnswer(running["proxy"].endpoints["data"])
    answered = first.came()
    elapsed = time.perf_counter() - began
    first.close()
    for service in running.services.values():
        service.kill()
    running.stop()
    if not answered:
        raise MeasurementFailed("the stack was called ready, but its first call was not answered")
    return elapsed


def started_bare(stack: Stack, log: Path) -> float:
    """Return the seconds that the same programs take when they are only spawned and looked at."""
    names = [(service.name, port) for service in stack.services for port in service.ports]
    with limit.held_ports(len(names)) as held:
        endpoints: dict[str, dict[str, Endpoint]] = {service.name: {} for service in stack.services}
        for (service, port), endpoint in zip(names, held, strict=True):
            endpoints[service][port] = endpoint
        commands = [
            [fill(str(word), service.name, endpoints) for word in service.command] for service in stack.services
        ]
        first = FirstAnswer(endpoints["proxy"]["data"])
        began = time.perf_counter()
        pids = [limit.spawn(command, log) for command in commands]
        limit.look_until(first.came)
        elapsed = time.perf_counter() - began
        first.close()
        for pid in pids:
            limit.end(pid)
    return elapsed
