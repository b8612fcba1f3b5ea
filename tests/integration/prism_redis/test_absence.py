"""What callers see while Redis restarts, is killed, hangs, or has not come yet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from prism_stack.client import KeyValueClient
from prism_stack.errors import CallError, Refused
from prism_stack.stacks import Runner, redis_service, runner_service
from prism_stack.testing import grows, load_on
from ziggurat import Stack, wait_until

if TYPE_CHECKING:
    from ziggurat import RunningStack
    from ziggurat.scope import StackScope

Check = Callable[[], bool]

BACK_SECONDS = 20.0
"""Far more than the half second between two tries."""
CALL_SECONDS = 10.0
FIRST_WRITES = 8


def test_redis_restarted_under_load_costs_refusals_and_no_acknowledged_write(prism: RunningStack) -> None:
    """Every call is answered, in-band where Redis was away; what was acknowledged is there afterwards."""
    timeout = timedelta(seconds=CALL_SECONDS)
    with load_on(prism.address("proxy.data"), timeout=timeout) as load:
        for _ in range(3):
            wait_until(grows(load.acknowledged), seconds=BACK_SECONDS, what="an acknowledged write")
            prism["redis"].restart()
        wait_until(grows(load.acknowledged), seconds=BACK_SECONDS, what="an acknowledged write")

    assert {type(error) for error in load.errors} <= {Refused}
    assert [error for error in load.errors if not error.details.startswith("redis failed: ")] == []
    assert load.slowest < CALL_SECONDS
    with KeyValueClient(prism.address("proxy.data"), timeout=timeout) as client:
        assert [key for key in load.acknowledged if client.get(key) != key.encode()] == []


def test_redis_killed_is_told_in_band_and_by_health_until_it_is_back(prism: RunningStack, proxy_serves: Check) -> None:
    """Reads and writes are refused in the name of Redis, the proxy is not serving, and all is well again by itself."""
    with KeyValueClient(prism.address("proxy.data")) as client:
        client.set("key", b"value")
        prism["redis"].kill()
        with pytest.raises(Refused, match="redis failed: "):
            client.get("key")
        with pytest.raises(Refused, match="redis failed: "):
            client.set("key", b"other")
        wait_until(lambda: not proxy_serves(), seconds=BACK_SECONDS, what="the proxy to say that nobody serves")

        prism["redis"].restart()

        wait_until(proxy_serves, seconds=BACK_SECONDS, what="the proxy to say that it serves")
        assert client.get("key") == b"value"


def test_redis_stopped_in_its_tracks_costs_no_call_its_deadline(prism: RunningStack, proxy_serves: Check) -> None:
    """A call to a Redis that hangs is refused in time, the calls after it at once; it goes on where it stood."""
    timeout = timedelta(seconds=CALL_SECONDS)
    with KeyValueClient(prism.address("proxy.data"), timeout=timeout) as client:
        client.set("key", b"value")
        prism["redis"].pause()
        for _ in range(FIRST_WRITES):
            with pytest.raises(Refused, match="redis failed: "):
                client.get("key")
        wait_until(lambda: not proxy_serves(), seconds=BACK_SECONDS, what="the proxy to say that nobody serves")

        prism["redis"].resume()

        wait_until(proxy_serves, seconds=BACK_SECONDS, what="the proxy to say that it serves")
        assert client.get("key") == b"value"


def test_a_runner_starts_before_its_redis(
    test_stacks: StackScope, programs: dict[str, Path], redis_program: Path
) -> None:
    """It serves its port at once and says in-band what it waits for, until Redis comes."""
    redis = test_stacks.start(Stack(name="late", services=(redis_service(redis_program),)))
    address = redis.address("redis.data")
    redis["redis"].kill()
    # A proxy that is not there either: the runner waits for both.
    early = Runner(redis=address, proxy="127.0.0.1:1")
    runner = test_stacks.start(Stack(name="early", services=(runner_service(programs["keyvalue-runner"], early),)))

    with KeyValueClient(runner.address("runner.data")) as client:
        with pytest.raises(Refused, match="it is away"):
            client.get("key")
        redis["redis"].restart()

        wait_until(lambda: _succeeds(client), seconds=BACK_SECONDS, what="a call that succeeds")


def _succeeds(client: KeyValueClient) -> bool:
    try:
        client.get("key")
    except CallError:
        return False
    return True
