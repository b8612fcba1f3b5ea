"""What a service says on its notify socket."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from ziggurat import REPORTED, Lease, Notify, NotReady, Service, SpecError, Stack, start

if TYPE_CHECKING:
    from collections.abc import Callable

    from ziggurat import RunningStack
    from ziggurat.spec import Port

    Program = Callable[..., tuple[str, ...]]

SOON = 5.0
"""Seconds: who waits for the end of a flood waits for ever."""


def running(lease: Lease, command: tuple[str, ...], ready: Notify, port: Port | None = None) -> RunningStack:
    """Start a stack of one service."""
    ports = {"http": port} if port else {}
    service = Service(name="says", command=command, ready=ready, ports=ports, start_seconds=0.5, stop=())
    return start(Stack(name="notify", services=(service,)), lease=lease)


def test_a_child_cannot_answer_for_its_service(lease: Lease, program: Program) -> None:
    """It may be one that was left over, or another program; it is told of, and ignored."""
    with pytest.raises(NotReady, match=r"READY=1 has not come.*\n.*the child said READY=1"):
        running(lease, program("notify_from_child"), Notify())


def test_a_child_is_believed_where_that_was_declared(lease: Lease, program: Program) -> None:
    """For a program behind a wrapper."""
    running(lease, program("notify_from_child"), Notify(from_tree=True)).stop()


@pytest.mark.parametrize("said", ["", "nonsense", "=", "READY=0", "READY=11", "X_ENDPOINT_OTHER=127.0.0.1:1;ERRNO=2"])
def test_odd_datagrams_are_taken_for_what_they_are(lease: Lease, program: Program, said: str) -> None:
    """Only READY=1 means ready."""
    with pytest.raises(NotReady, match="it says: nearly there"):
        running(lease, program("notify_oddly", said, "--never"), Notify())


def test_the_address_that_was_told_last_counts(lease: Lease, program: Program) -> None:
    """Several may come in one datagram or in several."""
    said = "X_ENDPOINT_HTTP=127.0.0.1:1;X_ENDPOINT_HTTP=127.0.0.1:2"
    with running(lease, program("notify_oddly", said), Notify(), REPORTED) as stack:
        assert stack.address("says.http") == "127.0.0.1:2"


def test_an_address_that_is_none_is_an_error(lease: Lease, program: Program) -> None:
    """With what was said, and nothing is left."""
    with pytest.raises(SpecError, match="'somewhere' is not HOST:PORT"):
        running(lease, program("notify_oddly", "X_ENDPOINT_HTTP=somewhere"), Notify(), REPORTED)

    assert lease.ask("list") == []


def test_a_flood_of_datagrams_does_not_occupy_the_keeper(lease: Lease, program: Program) -> None:
    """Others are answered while one service talks without end, and it can be stopped."""
    with running(lease, program("flood_notify"), Notify()) as stack:
        slowest = 0.0
        for _ in range(50):
            began = time.monotonic()
            lease.ask("list")
            slowest = max(slowest, time.monotonic() - began)
        began = time.monotonic()
        stack["says"].kill()

        assert slowest < SOON
        assert time.monotonic() - began < SOON


def test_endpoint_names_are_told_in_capitals(lease: Lease, program: Program) -> None:
    """As variables are written."""
    with running(lease, program("notify_oddly", "X_ENDPOINT_HTTP=127.0.0.1:7"), Notify(), REPORTED) as stack:
        assert stack["says"].told["X_ENDPOINT_HTTP"] == "127.0.0.1:7"
        assert stack["says"].endpoints["http"].port == 7
