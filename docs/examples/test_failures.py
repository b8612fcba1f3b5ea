"""Tests that fail on purpose, each in a way that docs/failures.md shows."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ziggurat import FREE, LogLine, Service, Stack

if TYPE_CHECKING:
    from ziggurat import RunningStack
    from ziggurat.scope import StackScope

STOCK = Path(__file__).parent / "stock.py"
SHOP = Stack(
    name="shop",
    services=(
        Service(
            name="stock",
            command=(sys.executable, STOCK, "{http.host}", "{http.port}"),
            ports={"http": FREE},
            ready=LogLine(pattern="listening"),
            dump=signal.SIGQUIT,
        ),
    ),
)
LEFT: list[subprocess.Popen[bytes]] = []


@pytest.fixture
def shop(test_stacks: StackScope) -> RunningStack:
    """A shop of one service."""
    return test_stacks.start(SHOP)


def order(shop: RunningStack, what: str) -> bytes:
    """Order something and return the answer."""
    endpoint = shop["stock"].endpoint("http")
    assert endpoint is not None
    with socket.create_connection((endpoint.host, endpoint.port), timeout=60) as link:
        link.sendall(what.encode() + b"\n")
        return link.recv(100)


def test_an_order_is_served(shop: RunningStack) -> None:
    """Fails: the service dies of the first order, and the second meets nobody."""
    order(shop, "die")

    assert order(shop, "one book") == b"here it is\n"


@pytest.mark.timeout(1)
def test_an_order_waits_for_ever(shop: RunningStack) -> None:
    """Fails: the service never answers this one."""
    assert order(shop, "wait") == b"here it is\n"


def test_an_order_by_another_program() -> None:
    """Fails: nobody ends the program."""
    LEFT.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]))
