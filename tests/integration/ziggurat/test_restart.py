"""Services that are started again: by the keeper after a failure, or by whoever asks."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from ziggurat import KeeperError, Lease, Notify, Restart, Service, Stack, start, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from ziggurat import RunningStack

    Program = Callable[..., tuple[str, ...]]


def running(lease: Lease, command: tuple[str, ...], restart: Restart = Restart.ON_FAILURE) -> RunningStack:
    """Start a stack of one service."""
    service = Service(name="made", command=command, restart=restart)
    return start(Stack(name="again", services=(service,)), lease=lease)


def starts(lease: Lease, seen: list[int]) -> list[int]:
    """Return when the service was spawned, in monotonic nanoseconds, as far as is known by now."""
    seen += [event["at"] for event in lease.events() if event["event"] == "spawned"]
    return seen


def test_a_service_that_fails_is_started_again_ever_later(lease: Lease, program: Program) -> None:
    """After 100 ms, 200 ms, 400 ms."""
    lease.events()
    with running(lease, program("exit_at_once", "3")):
        seen: list[int] = []
        wait_until(lambda: len(starts(lease, seen)) >= 4, seconds=5, what="three restarts")

    pauses = [(later - earlier) / 1e9 for earlier, later in pairwise(seen)]
    assert pauses[0] >= 0.1
    assert pauses[1] >= 0.2
    assert pauses[2] >= 0.4
    assert pauses[2] < 1.0


def test_a_killed_service_is_one_that_failed(lease: Lease, program: Program) -> None:
    """It comes back with another pid and on a count."""
    with running(lease, program("ignore_sigterm")) as stack:
        first = stack["made"].pid
        lease.ask("signal", service=stack["made"].key, signal=9)

        facts = wait_until(
            lambda: (facts := stack["made"].facts())["state"] == "running" and facts["pid"] != first and facts,
            seconds=5,
            what="the restart",
        )
        assert facts["restarts"] == 1
        stack["made"].kill()


@pytest.mark.parametrize(("code", "restart"), [("0", Restart.ON_FAILURE), ("3", Restart.NEVER)])
def test_a_service_that_need_not_come_back_does_not(
    lease: Lease, program: Program, code: str, restart: Restart
) -> None:
    """One that ended in order, and one that was declared so."""
    with running(lease, program("exit_at_once", code), restart) as stack:
        stack["made"].wait_ended(5)

        assert stack["made"].facts()["restarts"] == 0


@pytest.mark.parametrize("way", ["kill", "terminate"])
def test_a_service_that_was_stopped_stays_stopped(lease: Lease, program: Program, way: str) -> None:
    """Being stopped is no failure."""
    with running(lease, program("serve", "127.0.0.1:0")) as stack:
        getattr(stack["made"], way)()

        assert stack["made"].facts()["state"] == "exited"


def test_a_service_that_waits_for_its_restart_can_be_stopped(lease: Lease, program: Program) -> None:
    """And then it does not come back."""
    with running(lease, program("exit_at_once", "3")) as stack:
        wait_until(lambda: stack["made"].facts()["state"] == "waiting", seconds=5, what="the pause before a restart")
        stack["made"].kill()

        assert stack["made"].facts()["state"] == "exited"


def test_a_service_that_runs_is_not_started_twice(lease: Lease, program: Program) -> None:
    """The second start is refused."""
    with running(lease, program("serve", "127.0.0.1:0")) as stack, pytest.raises(KeeperError, match="already there"):
        stack["made"].spawn_again()


def test_a_service_can_be_started_under_the_name_of_one_that_ended(lease: Lease, program: Program) -> None:
    """Again and again, with nothing of the earlier ones left in the keeper."""
    with running(lease, program("exit_at_once", "0"), Restart.NEVER) as stack:
        words, log = list(program("exit_at_once", "0")), str(stack["made"].log.path)
        spec = {"name": "again", "argv": words, "env": {}, "log": log, "log_bound": 1 << 20, "stop": []}
        for _ in range(5):
            lease.ask("start", spec=spec)
            wait_until(
                lambda: {report["name"]: report["state"] for report in lease.ask("list")}["again"] == "exited",
                seconds=5,
                what="its end",
            )
        lease.ask("remove", service="again")


def test_a_service_that_notifies_is_awaited_again(lease: Lease, program: Program) -> None:
    """READY=1 of the process before does not count."""
    service = Service(name="made", command=program("serve", "127.0.0.1:0", "--start-seconds", "0.2"), ready=Notify())
    with start(Stack(name="again", services=(service,)), lease=lease) as stack:
        lines = len(stack["made"].log.lines())
        stack["made"].restart()

        assert len(stack["made"].log.lines()) == lines + 1
