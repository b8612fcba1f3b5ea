"""What the keeper tells of, in its order and with its time."""

from __future__ import annotations

import os
import signal
import time
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from ziggurat import KeeperError, Lease, Notify, Service, Stack, lease as leases, own, start

if TYPE_CHECKING:
    from collections.abc import Callable

    Program = Callable[..., tuple[str, ...]]


def test_a_life_is_told_in_order(lease: Lease, program: Program) -> None:
    """With monotonic times, all between its beginning and its end."""
    heard: list[dict[str, object]] = []
    lease.listeners.append(heard.append)
    service = Service(name="made", command=program("serve", "127.0.0.1:0"), ready=Notify())
    before = time.monotonic_ns()
    with start(Stack(name="life", services=(service,)), lease=lease) as running:
        pid = running["made"].pid
    lease.events()

    assert [event["event"] for event in heard] == ["spawned", "notified", "ready", "signalled", "exited", "gone"]
    times = [int(str(event["at"])) for event in heard]
    assert all(earlier <= later for earlier, later in pairwise([before, *times, time.monotonic_ns()]))
    spawned, *_, signalled, exited, _gone = heard
    assert spawned["pid"] == signalled["pid"] == exited["pid"] == pid
    assert (signalled["signal"], exited["status"], exited["asked"]) == (signal.SIGTERM, -signal.SIGTERM, True)


def test_an_end_that_nobody_asked_for_is_told_as_such(lease: Lease, program: Program) -> None:
    """Within milliseconds of the end."""
    heard: list[dict[str, object]] = []
    lease.listeners.append(heard.append)
    service = Service(name="made", command=program("serve", "127.0.0.1:0"), ready=Notify())
    running = start(Stack(name="life", services=(service,)), lease=lease)
    killed = time.monotonic_ns()
    os.kill(running["made"].pid, signal.SIGKILL)
    running["made"].wait_ended(5)
    lease.events()

    (exited,) = [event for event in heard if event["event"] == "exited"]
    assert (exited["status"], exited["asked"]) == (-signal.SIGKILL, False)
    assert int(str(exited["at"])) - killed < 50_000_000
    running.stop()


def test_a_keeper_that_does_not_answer_is_an_error(base: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is there: saying that nothing runs would be a lie, and waiting for ever no help."""
    del base
    monkeypatch.setattr(leases, "HELLO_SECONDS", 0.2)
    with own("silent") as lease:
        keeper = lease.about_keeper["pid"]
        os.kill(keeper, signal.SIGSTOP)
        with pytest.raises(KeeperError, match="does not answer"):
            leases.find("silent")
        os.kill(keeper, signal.SIGCONT)

        found = leases.find("silent")
        assert found is not None
        found.close()
        lease.end()
