"""Tests that hang, each in its way: run by pytest with a time-out, not collected with the suite."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

from bench.torture.hang import PATIENCE, stack
from ziggurat import OUTSIDE, Http, Link, Notify, Way

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ziggurat.scope import StackScope

HONEST = stack("serve_http", "200", ready=Http(endpoint="http"), seconds=PATIENCE)


def test_deadlocked(test_stacks: StackScope) -> None:
    """Ask a service that has deadlocked."""
    running = test_stacks.start(stack("deadlock", ready=Notify(), seconds=PATIENCE))
    urlopen(f"http://{running.address('web.http')}").close()
    urlopen(f"http://{running.address('web.http')}")


def test_stopped(test_stacks: StackScope) -> None:
    """Ask a service that was stopped."""
    running = test_stacks.start(HONEST)
    running["web"].pause()
    urlopen(f"http://{running.address('web.http')}")


def test_half_open(test_stacks: StackScope) -> None:
    """Ask over a link whose answers are lost."""
    running = test_stacks.start(HONEST.with_links(Link(OUTSIDE, "web.http")))
    link = running.link(OUTSIDE, "web.http")
    with link.half_open(lost=Way.BACK):
        urlopen(f"http://{link.address}")


@pytest.fixture
def stuck(test_stacks: StackScope) -> Iterator[None]:
    """Never come back from the teardown."""
    test_stacks.start(HONEST)
    yield
    while True:
        time.sleep(60)


def test_stuck_teardown(stuck: None) -> None:
    """Do nothing."""
    del stuck
