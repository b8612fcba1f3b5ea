"""Tests that fail on purpose, each in a way that docs/failures.md shows."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ziggurat import FREE, Http, LogLine, Service, Stack

if TYPE_CHECKING:
    from ziggurat import RunningStack
    from ziggurat.scope import StackScope

HERE = Path(__file__).parent
STOCK = Service(
    name="stock",
    command=(sys.executable, HERE / "stock.py", "{http.host}", "{http.port}"),
    ports={"http": FREE},
    ready=LogLine(pattern="listening"),
    dump=signal.SIGQUIT,
)
TILL = Service(
    name="till",
    command=(sys.executable, HERE / "till.py", "{http.host}", "{http.port}"),
    ports={"http": FREE},
    ready=Http(endpoint="http", path="/health"),
    after=("stock",),
    start_seconds=1,
)
DOOR = Service(name="door", command=(sys.executable, HERE / "stock.py"), after=("till",))
SHOP = Stack(name="shop", services=(STOCK,))
WHOLE_SHOP = Stack(name="whole-shop", services=(STOCK, TILL, DOOR))
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
    shop["stock"].wait_ended(5)

    assert order(shop, "one book") == b"here it is\n"


def test_the_whole_shop_opens(test_stacks: StackScope) -> None:
    """Fails: the till is not ready in time, and the door waits for it."""
    test_stacks.start(WHOLE_SHOP)


@pytest.mark.timeout(1, func_only=True)
def test_an_order_waits_for_ever(shop: RunningStack) -> None:
    """Fails: the service never answers this one."""
    assert order(shop, "wait") == b"here it is\n"


def test_an_order_by_another_program() -> None:
    """Fails: nobody ends the program."""
    LEFT.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]))
