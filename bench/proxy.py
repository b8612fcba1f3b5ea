"""The proxy: what it adds to a call, how much it passes through, and what it holds."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from bench import load, process
from bench.row import MEBIBYTES, MICROSECONDS, PER_SECOND, Goal, alone, difference, ratio
from bench.sample import Sample, alternately
from prism_stack import stacks, workspace
from ziggurat import FREE, Notify, Service, Stack, own, start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.effort import Effort
    from bench.row import Row
    from ziggurat import Lease, RunningStack

ROUNDS = 7
CALLS, SECONDS = 5000, 3
CONNECTIONS, CONCURRENCY = 8, 64
STREAMED = 1 << 30
ADDED_GOAL = Goal(at_most=150e-6, miss_over=250e-6)
HELD_GOAL = Goal(at_most=32 << 20)


def measure(effort: Effort) -> Iterator[Row]:
    """Compare calls through the proxy with the same calls straight to the runner."""
    programs = stacks.paths(workspace.programs(release=True))
    with own() as lease:
        running = start(stacks.keyvalue_stack(programs), lease=lease)
        idle = Sample.of([process.resident(running["proxy"].pid)])
        caller = load.Caller(program=programs["prism-load"])
        yield from _one_at_a_time(running, caller, effort)
        yield from _many_at_a_time(running, caller, effort)
        yield alone("resident, idle after the start", idle, unit=MEBIBYTES)
        running.stop()
        yield _slow_reader(programs, lease, effort.amount(STREAMED))
        lease.end()


def _one_at_a_time(running: RunningStack, caller: load.Caller, effort: Effort) -> Iterator[Row]:
    options = ("--calls", str(effort.amount(CALLS)))
    through, straight = (running.address(name) for name in ("proxy.data", "runner.data"))
    rounds = effort.rounds(ROUNDS)
    ours, base = alternately(
        rounds, lambda: caller.call(through, *options).median, lambda: caller.call(straight, *options).median
    )
    yield difference("one call at a time, median of a round", ours, base, unit=MICROSECONDS, goal=ADDED_GOAL)


def _many_at_a_time(running: RunningStack, caller: load.Caller, effort: Effort) -> Iterator[Row]:
    options = (
        *("--connections", str(CONNECTIONS)),
        *("--concurrency", str(CONCURRENCY)),
        *("--duration", f"{effort.amount(SECONDS * 1000)}ms"),
    )
    pid = running["proxy"].pid
    costs: list[float] = []

    def through() -> float:
        before = process.processor_seconds(pid)
        outcome = caller.call(running.address("proxy.data"), *options)
        costs.append((process.processor_seconds(pid) - before) / outcome.calls)
        return outcome.per_second

    rounds = effort.rounds(ROUNDS)
    straight = partial(caller.call, running.address("runner.data"), *options)
    ours, base = alternately(rounds, through, lambda: straight().per_second)
    yield ratio(f"calls a second, {CONCURRENCY} at a time on {CONNECTIONS} connections", ours, base, unit=PER_SECOND)
    yield alone("processor time of the proxy for one of these", Sample.of(costs[-rounds:]), unit=MICROSECONDS)


def _slow_reader(programs: dict[str, Path], lease: Lease, size: int) -> Row:
    """Send much through a proxy of its own to a reader that takes it slowly, and see the most that it held."""
    running = start(_streaming_stack(programs), lease=lease)
    seconds = load.read(programs["prism-load"], running.address("proxy.data"), size)
    most = process.most_resident(running["proxy"].pid)
    running.stop()
    return alone(
        f"most resident while a slow reader takes {size >> 20} MiB in {seconds:.0f} s",
        Sample.of([most]),
        unit=MEBIBYTES,
        goal=HELD_GOAL,
    )


def _streaming_stack(programs: dict[str, Path]) -> Stack:
    backend = Service(
        name="load",
        command=(programs["prism-load"], "serve", "--listen", "{data}"),
        ports={"data": FREE},
        ready=Notify(),
    )
    proxy = Service(
        name="proxy",
        command=(
            programs["prism-proxy"],
            *("--listen", "{data}"),
            *("--control-listen", "{control}"),
            *("--backend", "bench=http://{load.data}"),
            *("--drain-timeout", stacks.DRAIN_TIMEOUT),
        ),
        ports={"data": FREE, "control": FREE},
        ready=Notify(),
    )
    return Stack(name="streaming", services=(backend, proxy))
