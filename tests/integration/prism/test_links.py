"""What a caller sees of a proxy over a network that is slow, silent or hostile."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from prism_stack.client import KeyValueClient
from prism_stack.errors import CallError, DeadlineExceeded, Unavailable
from prism_stack.stacks import keyvalue_stack
from ziggurat import OUTSIDE, Link, Way, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ziggurat import RunningLink, RunningStack
    from ziggurat.scope import StackScope

PATIENCE = 10.0
SHORT = timedelta(milliseconds=300)


@pytest.fixture(scope="module")
def prism(module_stacks: StackScope, programs: dict[str, Path]) -> RunningStack:
    """A proxy and a runner, with links to the proxy that can be disturbed."""
    links = (Link(OUTSIDE, "proxy.data"), Link("runner", "proxy.control"))
    return module_stacks.start(keyvalue_stack(programs, name="linked").with_links(*links))


@pytest.fixture
def link(prism: RunningStack) -> RunningLink:
    """The caller's link to the proxy."""
    return prism.link(OUTSIDE, "proxy.data")


@pytest.fixture
def client(link: RunningLink) -> Iterator[KeyValueClient]:
    """A caller with a deadline that a silent network outlasts, connected over the link."""
    with KeyValueClient(link.address, timeout=SHORT) as client:
        wait_until(lambda: succeeds(client), seconds=PATIENCE, what="a first call over the link")
        yield client


def succeeds(client: KeyValueClient) -> bool:
    """Say whether a call succeeds."""
    try:
        client.set("key", b"value")
    except CallError:
        return False
    return True


def test_a_slow_network_costs_a_call_its_latency_both_ways(link: RunningLink, client: KeyValueClient) -> None:
    """And nothing else: the call succeeds."""
    with link.slow(0.05):
        began = time.monotonic()
        client.set("key", b"slow")

    assert time.monotonic() - began >= 0.1
    assert client.get("key") == b"slow"


@pytest.mark.parametrize("lost", list(Way))
def test_a_silent_network_costs_the_calls_of_that_time_their_deadline(
    link: RunningLink, client: KeyValueClient, lost: Way
) -> None:
    """Whichever way is lost; the same connection goes on afterwards."""
    with link.half_open(lost), pytest.raises(DeadlineExceeded):
        client.get("key")

    wait_until(lambda: succeeds(client), seconds=PATIENCE, what="a call after the silence")


def test_a_reset_connection_is_unavailable_and_made_again(link: RunningLink, client: KeyValueClient) -> None:
    """By the same client."""
    with link.reset(), pytest.raises((Unavailable, DeadlineExceeded)):
        client.get("key")

    wait_until(lambda: succeeds(client), seconds=PATIENCE, what="a call over a new connection")


def test_a_runner_that_cannot_reach_its_proxy_is_there_again_afterwards(prism: RunningStack) -> None:
    """It registers anew when its connection was reset; nobody has to help it."""
    registration = prism.link("runner", "proxy.control")
    with registration.reset():
        wait_until(lambda: registration.traffic()["reset"], seconds=PATIENCE, what="the end of the registration")

    prism.wait_ready(PATIENCE)
    with KeyValueClient(prism.address("proxy.data")) as direct:
        wait_until(lambda: succeeds(direct), seconds=PATIENCE, what="a call to the runner")
