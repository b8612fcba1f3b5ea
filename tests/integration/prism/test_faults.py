"""What callers see while the processes behind them are killed, stopped, restarted and drained."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from prism_stack.client import KeyValueClient
from prism_stack.errors import CallError, DeadlineExceeded, Unavailable
from prism_stack.stacks import Proxy, Runner, keyvalue_stack, runner_service
from prism_stack.testing import grows, load_on
from ziggurat import Stack, wait_until

if TYPE_CHECKING:
    from ziggurat import RunningStack
    from ziggurat.scope import StackScope

FIRST_WRITES = 8
BACK_SECONDS, PATIENCE = 0.25, 10
"""For calls to succeed again once a runner is back, as promised; and how many times that a busy machine gets."""


@pytest.fixture
def prism(spawned_prism: RunningStack) -> RunningStack:
    """The proxy and the runner of the run, which a test that has them alone may ill-treat."""
    return spawned_prism


@pytest.mark.exclusive
def test_a_runner_killed_during_calls_gives_unavailable_and_never_a_hang(prism: RunningStack) -> None:
    """Every call that the loss hits ends UNAVAILABLE, and before its own deadline."""
    timeout = timedelta(seconds=5)
    with load_on(prism.address("proxy.data"), timeout=timeout) as load:
        wait_until(grows(load.acknowledged), seconds=5, what="a first acknowledged call")
        prism["runner"].kill()
        wait_until(lambda: load.errors, seconds=5, what="a call that sees the loss")

    assert {type(error) for error in load.errors} == {Unavailable}
    assert load.slowest < timeout.total_seconds()


@pytest.mark.exclusive
def test_calls_succeed_again_soon_after_a_runner_is_back_on_its_port(prism: RunningStack) -> None:
    """The same client succeeds soon after the runner is ready, on the same address as before."""
    address = prism.address("runner.data")
    with KeyValueClient(prism.address("proxy.data")) as client:
        client.set("before", b"1")
        prism["runner"].kill()
        with pytest.raises(Unavailable, match="not connected"):
            client.get("before")

        prism["runner"].restart()
        began = time.monotonic()
        wait_until(lambda: _succeeds(client), seconds=5, what="a call that succeeds")

    assert time.monotonic() - began < BACK_SECONDS * PATIENCE
    assert prism.address("runner.data") == address


@pytest.mark.exclusive
def test_a_proxy_drained_under_load_loses_no_acknowledged_write(prism: RunningStack) -> None:
    """The proxy ends by itself with code 0; what it acknowledged is in the store; what it refused was UNAVAILABLE."""
    with load_on(prism.address("proxy.data")) as load:
        wait_until(lambda: len(load.acknowledged) > FIRST_WRITES, seconds=5, what="acknowledged writes")
        ending = prism["proxy"].terminate()

    assert ending.status == 0
    assert {type(error) for error in load.errors} <= {Unavailable}
    with KeyValueClient(prism.address("runner.data")) as direct:
        assert [key for key in load.acknowledged if direct.get(key) != key.encode()] == []


@pytest.mark.exclusive
def test_a_runner_stopped_in_its_tracks_costs_only_the_calls_of_that_time(prism: RunningStack) -> None:
    """Calls end DEADLINE_EXCEEDED while it stands still, and succeed once it goes on."""
    with KeyValueClient(prism.address("proxy.data"), timeout=timedelta(milliseconds=200)) as client:
        client.set("before", b"1")
        prism["runner"].pause()
        with pytest.raises(DeadlineExceeded):
            client.get("before")
        prism["runner"].resume()

        wait_until(lambda: _succeeds(client), seconds=5, what="a call that succeeds")
        assert client.get("before") == b"1"


def test_a_proxy_without_any_runner_says_so_until_one_comes(test_stacks: StackScope, programs: dict[str, Path]) -> None:
    """A proxy that was started first answers `not connected`, and routes as soon as a runner registers."""
    alone = test_stacks.start(keyvalue_stack(programs, name="alone", runners=()))
    with KeyValueClient(alone.address("proxy.data")) as client:
        with pytest.raises(Unavailable, match="not connected"):
            client.get("anything")

        late = Runner(proxy=alone.address("proxy.control"))
        test_stacks.start(Stack(name="late", services=(runner_service(programs["keyvalue-runner"], late),)))
        wait_until(lambda: _succeeds(client), seconds=5, what="a call that succeeds")


def test_two_namespaces_on_two_runners_never_see_each_others_keys(
    test_stacks: StackScope, programs: dict[str, Path]
) -> None:
    """The same key holds another value in each namespace, and is deleted in one alone."""
    runners = (Runner(name="red", namespace="red"), Runner(name="blue", namespace="blue"))
    both = test_stacks.start(keyvalue_stack(programs, name="two", proxy=Proxy(), runners=runners))
    address = both.address("proxy.data")
    with KeyValueClient(address, namespace="red") as red, KeyValueClient(address, namespace="blue") as blue:
        red.set("key", b"red")
        assert blue.get("key") is None
        blue.set("key", b"blue")
        assert red.get("key") == b"red"
        blue.delete("key")

        assert red.get("key") == b"red"


@pytest.mark.exclusive
def test_a_second_runner_for_a_taken_route_is_refused(prism: RunningStack, test_stacks: StackScope) -> None:
    """It hears who serves the route already, and the first one goes on serving."""
    second = Runner(name="second", proxy=prism.address("proxy.control"))
    program = Path(prism["runner"].program)
    started = test_stacks.start(Stack(name="second", services=(runner_service(program, second),)))

    started["second"].log.wait_for("already served by")
    with KeyValueClient(prism.address("proxy.data")) as client, KeyValueClient(prism.address("runner.data")) as first:
        client.set("key", b"value")
        assert first.get("key") == b"value"


def _succeeds(client: KeyValueClient) -> bool:
    try:
        client.get("before")
    except CallError:
        return False
    return True
