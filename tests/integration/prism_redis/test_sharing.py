"""Many runners and proxies over one Redis are one data layer."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from prism_stack.client import KeyValueClient
from prism_stack.stacks import (
    KEYVALUE_SERVICE,
    Proxy,
    Runner,
    keyvalue_stack,
    proxy_service,
    redis_service,
)
from prism_stack.testing import grows, load_on
from ziggurat import GrpcHealth, RunningStack, Stack, wait_until

if TYPE_CHECKING:
    from ziggurat.scope import StackScope

KEYS = tuple(f"key-{number}" for number in range(20))
PATIENCE = 20.0


@pytest.fixture
def prism(test_stacks: StackScope, programs: dict[str, Path], redis_program: Path) -> RunningStack:
    """Two proxies, each with both of two runners, over one Redis."""
    runner = Runner(redis="{redis.data}", proxy="{one.control}", arguments=("--proxy", "{two.control}"))
    return test_stacks.start(_two_and_two(programs, redis_program, runner))


def _two_and_two(programs: dict[str, Path], redis_program: Path, runner: Runner) -> Stack:
    runners = (replace(runner, name="left"), replace(runner, name="right"))
    half = keyvalue_stack(programs, proxy=Proxy(name="one"), runners=runners, beside=(redis_service(redis_program),))
    other = proxy_service(programs["prism-proxy"], Proxy(name="two"))
    ready = tuple(GrpcHealth(endpoint=f"{proxy}.control", service=KEYVALUE_SERVICE) for proxy in ("one", "two"))
    return Stack(name="two-and-two", services=(*half.services, other), ready=ready)


def test_what_one_proxy_takes_the_other_gives(prism: RunningStack) -> None:
    """Values, deletions and expiries are the same through either proxy, whichever runner serves the call."""
    hour = timedelta(hours=1)
    with KeyValueClient(prism.address("one.data")) as one, KeyValueClient(prism.address("two.data")) as two:
        for key in KEYS:
            one.set(key, key.encode())
        one.delete(KEYS[0])
        assert one.expire(KEYS[1], hour)

        assert two.batch_get(KEYS) == (None, *(key.encode() for key in KEYS[1:]))
        assert two.get_ttl(KEYS[1]) == hour


def test_each_runner_gives_what_the_other_took(prism: RunningStack) -> None:
    """The runners themselves hold nothing apart."""
    with KeyValueClient(prism.address("left.data")) as left, KeyValueClient(prism.address("right.data")) as right:
        left.set("key", b"from the left")
        assert right.get("key") == b"from the left"
        right.set("key", b"from the right")

        assert left.get("key") == b"from the right"


def test_a_runner_that_ends_under_load_is_not_missed(prism: RunningStack) -> None:
    """One of two drains while calls come through both proxies: none of them fails."""
    # A runner that is ready may not be known to each proxy yet.
    for proxy in ("one", "two"):
        routed = rf'routed .*endpoint="{re.escape(prism.address("right.data"))}"'
        prism[proxy].log.wait_for(routed, seconds=PATIENCE)
    with load_on(prism.address("one.data")) as first, load_on(prism.address("two.data")) as second:
        wait_until(grows(first.acknowledged), seconds=PATIENCE, what="an acknowledged write")
        ending = prism["left"].terminate()
        wait_until(grows(first.acknowledged), seconds=PATIENCE, what="a write after the end")
        wait_until(grows(second.acknowledged), seconds=PATIENCE, what="a write after the end")

    assert ending.status == 0
    assert (first.errors, second.errors) == ([], [])
