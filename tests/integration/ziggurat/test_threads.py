"""One keeper used from several threads."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING

import pytest

from ziggurat import Lease, Notify, Service, Stack, start

if TYPE_CHECKING:
    from collections.abc import Callable

    Program = Callable[..., tuple[str, ...]]

THREADS = 4


@pytest.fixture
def made(program: Program) -> Stack:
    """Three services that say when they are ready."""
    services = (
        Service(name=f"s{number}", command=program("serve", "127.0.0.1:0"), ready=Notify()) for number in range(3)
    )
    return Stack(name="made", services=tuple(services))


def test_stacks_can_be_started_in_several_threads(lease: Lease, made: Stack) -> None:
    """Each hears of its own services."""

    def come_and_go(_: int) -> None:
        start(made, lease=lease).stop()

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(come_and_go, range(2 * THREADS)))


def test_a_start_hears_its_services_while_another_thread_asks(lease: Lease, made: Stack) -> None:
    """What comes with the other's answers is not lost, nor noticed late."""
    done = Event()

    def ask_on_and_on() -> None:
        while not done.is_set():
            lease.ask("list")

    with ThreadPoolExecutor(THREADS) as pool:
        asking = [pool.submit(ask_on_and_on) for _ in range(THREADS)]
        began = time.monotonic()
        for _ in range(5):
            running = start(made, lease=lease)
            running["s1"].restart()
            running.stop()
        elapsed = time.monotonic() - began
        done.set()
        for each in asking:
            each.result()

    assert elapsed < 8
