"""A whole Prism that is stopped, or one part after the other started anew, while callers go on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from prism_stack import bootstrap, full_stack
from prism_stack.errors import Unavailable
from prism_stack.stacks import redis_service
from prism_stack.testing import grows, load_on
from ziggurat import Hooks, RunningStack, Stack, wait_until
from ziggurat.keeper import processes

if TYPE_CHECKING:
    from pathlib import Path

    from prism_stack.client import KeyValueClient
    from prism_stack.testing.load import Load
    from ziggurat.scope import StackScope

PACE = full_stack.Pace(heartbeat="500ms", restart_backoff="50ms..500ms", restart_reset="5s", breaker="5/60s")
NAMESPACES = ("default", "orders", "stock")
SOON = 20.0


@pytest.fixture
def redis(test_stacks: StackScope, redis_program: Path) -> RunningStack:
    """A Redis of the test's own, which lives longer than the stacks over it."""
    return test_stacks.start(Stack(name="data", services=(redis_service(redis_program),)))


def full_prism(
    stacks: StackScope, programs: dict[str, Path], *, store: str = "", proxies: int = 1, name: str = "stopping"
) -> RunningStack:
    """Start a whole Prism that keeps everything in a Redis, with its namespaces."""
    from prism_stack.clients.admin import AdminClient

    layout = full_stack.free_layout(proxies=proxies)
    hooks = Hooks(prepare=lambda services: bootstrap.serve_default(services, layout))
    described = full_stack.full_stack(programs, layout, name=name, pace=PACE, store=store)
    running = stacks.start(described, hooks=hooks)
    with AdminClient(running.address("admin.control"), timeout=timedelta(seconds=15)) as admin:
        for namespace in NAMESPACES[1:]:
            admin.create_namespace(namespace)
    return running


@contextmanager
def client_of(running: RunningStack, namespace: str) -> Iterator[KeyValueClient]:
    """Give a client of a namespace on a stack with one proxy."""
    from prism_stack.client import KeyValueClient

    with KeyValueClient(running.address("proxy-1.data"), namespace=namespace, timeout=timedelta(seconds=5)) as client:
        yield client


def test_a_stack_stopped_under_load_loses_no_write_that_it_acknowledged(
    test_stacks: StackScope, programs: dict[str, Path], redis: RunningStack
) -> None:
    """Callers see UNAVAILABLE and nothing else; the next stack over the same Redis has every key."""
    store = f"redis://{redis.address('redis.data')}"
    first = full_prism(test_stacks, programs, store=store)
    address = first.address("proxy-1.data")
    with load_on(address) as one, load_on(address, namespace="orders") as two:
        for load in (one, two):
            wait_until(grows(load.acknowledged), seconds=SOON, what="a first acknowledged call")
        first.stop()

    refused = {type(error) for load in (one, two) for error in load.errors}
    assert refused <= {Unavailable}
    second = full_prism(test_stacks, programs, store=store, name="started")
    assert missing(second, "default", one) == []
    assert missing(second, "orders", two) == []


def test_a_stack_whose_parts_are_restarted_under_load_loses_no_write_that_it_acknowledged(
    test_stacks: StackScope, programs: dict[str, Path], redis: RunningStack
) -> None:
    """One part after the other drains and comes back, runners last; what was acknowledged is there."""
    running = full_prism(test_stacks, programs, store=f"redis://{redis.address('redis.data')}")
    with load_on(running.address("proxy-1.data"), namespace="stock") as load:
        wait_until(grows(load.acknowledged), seconds=SOON, what="a first acknowledged call")
        for part in ("admin", "launcher", "proxy-1"):
            running[part].restart()
            wait_until(grows(load.acknowledged), seconds=SOON, what=f"an acknowledged call after {part} came back")

    assert {type(error) for error in load.errors} <= {Unavailable}
    assert missing(running, "stock", load) == []


def test_stopping_ends_every_process_that_the_launcher_started(
    test_stacks: StackScope, programs: dict[str, Path]
) -> None:
    """Also those that nobody called."""
    running = full_prism(test_stacks, programs)
    pids = [report["pid"] for report in running.started_by_services()]
    running.stop()

    assert len(pids) == len(NAMESPACES)
    assert [processes.state(pid) for pid in pids] == [""] * len(NAMESPACES)


def missing(running: RunningStack, namespace: str, load: Load) -> list[str]:
    """Return the keys that were acknowledged and are not there, of which there must be some to judge by."""
    assert load.acknowledged
    with client_of(running, namespace) as client:
        found = [result for part in parts(load.acknowledged) for result in client.batch_get(part)]
    return [key for key, value in zip(load.acknowledged, found, strict=True) if value != key.encode()]


def parts(keys: list[str], size: int = 1000) -> Iterator[list[str]]:
    """Yield the keys in parts that fit into a message."""
    for start in range(0, len(keys), size):
        yield keys[start : start + size]
