"""Faults of services, and the law of all faults: in the end everything is as it was."""

from __future__ import annotations

import os
import resource
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ziggurat import (
    FREE,
    OUTSIDE,
    FaultNotEffective,
    Lease,
    Limits,
    Link,
    LogLine,
    Notify,
    NotRunning,
    Service,
    Stack,
    Way,
    start,
    wait_until,
)
from ziggurat.keeper import processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from ziggurat import RunningLink, RunningService, RunningStack

    Program = Callable[..., tuple[str, ...]]
    Fault = Callable[[RunningStack], AbstractContextManager[object]]

PATIENCE = 10.0
LIMITS = Limits(open_files=8, memory=1 << 20)


@pytest.fixture
def running(lease: Lease, program: Program) -> Iterator[RunningStack]:
    """A service that sends back what it is sent, and a link to it."""
    store = Service(name="store", command=program("echo", "{data}"), ports={"data": FREE}, ready=Notify())
    with start(Stack(name="shop", services=(store,), links=(Link(OUTSIDE, "store.data"),)), lease=lease) as stack:
        yield stack


def of_service(fault: Callable[[RunningService], AbstractContextManager[object]]) -> Fault:
    """Return a fault of the service, as one of its stack."""
    return lambda stack: fault(stack["store"])


def of_link(fault: Callable[[RunningLink], AbstractContextManager[object]]) -> Fault:
    """Return a fault of the link, as one of its stack."""
    return lambda stack: fault(stack.link(OUTSIDE, "store.data"))


FAULTS: dict[str, Fault] = {
    "paused": of_service(lambda store: store.paused()),
    "killed": of_service(lambda store: store.killed()),
    "terminated": of_service(lambda store: store.terminated()),
    "limited": of_service(lambda store: store.limited(LIMITS)),
    "slow": of_link(lambda link: link.slow(3600, may_idle=True)),
    "jittered": of_link(lambda link: link.slow(1800, jitter=1800, may_idle=True)),
    "throttled": of_link(lambda link: link.throttle(1, may_idle=True)),
    "cut": of_link(lambda link: link.cut()),
    "half-open there": of_link(lambda link: link.half_open(Way.THERE)),
    "half-open back": of_link(lambda link: link.half_open(Way.BACK)),
    "reset": of_link(lambda link: link.reset()),
    "refused": of_link(lambda link: link.refuse()),
}
every_fault = pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)


def answers(address: str) -> bool:
    """Say whether the service sends back what it is sent."""
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as end:
        end.sendall(b"hello")
        return end.recv(5) == b"hello"


def shape(stack: RunningStack) -> dict[str, object]:
    """Return what a fault may change and must restore."""
    facts = stack["store"].facts()
    return {
        "state": facts["state"],
        "paused": facts["paused"],
        "limits": [resource.prlimit(facts["pid"], number) for number in (resource.RLIMIT_NOFILE, resource.RLIMIT_DATA)],
        "addresses": {name: service.endpoints for name, service in stack.services.items()},
    }


class Failed(Exception):
    """What a test fails with."""


def fail_under(stack: RunningStack, fault: Fault, during: Callable[[], object] = lambda: None) -> None:
    """Be a test that does something under a fault, and fails."""
    with fault(stack):
        during()
        raise Failed


@every_fault
def test_everything_is_as_it_was_after_a_test_that_failed(running: RunningStack, fault: Fault) -> None:
    """And the test's own failure is what is raised."""
    before = shape(running)
    with pytest.raises(Failed):
        fail_under(running, fault)

    assert shape(running) == before
    assert answers(running.address("store.data"))
    assert answers(running.link(OUTSIDE, "store.data").address)


@every_fault
def test_a_fault_is_told_of_once_at_each_end(running: RunningStack, fault: Fault) -> None:
    """Also where the test failed."""
    told: list[bool] = []
    running.lease.listeners.append(lambda event: told.append(event["on"]) if event["event"] == "fault" else None)
    with pytest.raises(Failed):
        fail_under(running, fault, lambda: told.append(len(told) == 1))

    assert told == [True, True, False]


@every_fault
def test_a_stack_may_be_stopped_under_a_fault(running: RunningStack, fault: Fault) -> None:
    """There is nothing to restore then, and nothing is left."""
    with pytest.raises(Failed):
        fail_under(running, fault, running.stop)

    assert running.lease.ask("list") == []


# === paused ===


def test_a_paused_service_stands_still_with_all_that_it_started(
    lease: Lease, program: Program, family: Callable[..., dict[str, int]]
) -> None:
    """A child that went on would go on serving."""
    service = Service(name="made", command=program("leave_family", "child", "daemon"))
    with start(Stack(name="family", services=(service,)), lease=lease) as stack:
        pids = family(stack["made"].log, "child").values()
        with stack["made"].paused():
            assert [processes.state(pid) for pid in (stack["made"].pid, *pids)] == ["T", "T"]
        wait_until(lambda: "T" not in map(processes.state, pids), seconds=PATIENCE, what="the child to go on")


def test_a_pause_that_somebody_ends_is_no_effect(running: RunningStack) -> None:
    """It held for a part of the body only."""
    store = running["store"]

    def body() -> None:
        with store.paused():
            os.kill(store.pid, signal.SIGCONT)
            wait_until(lambda: not store.facts()["paused"], seconds=PATIENCE, what="the end of the pause")

    with pytest.raises(FaultNotEffective, match="somebody let it go on meanwhile"):
        body()


def test_a_paused_service_may_be_killed(running: RunningStack) -> None:
    """Faults lie within each other."""
    with running["store"].paused(), running["store"].killed():
        pass

    assert answers(running.address("store.data"))


def test_a_paused_service_can_be_stopped_in_its_own_way(lease: Lease) -> None:
    """Also one that waits for a child that stands still with it."""
    # The child says so, once it is a program of its own: before, a signal to it is its parent's trap.
    script = "trap 'kill $!; wait $!; exit 7' TERM; sh -c 'echo up; exec sleep 60' & wait"
    service = Service(name="made", command=("/bin/sh", "-c", script), ready=LogLine(pattern="^up$"))
    with start(Stack(name="parent", services=(service,)), lease=lease) as stack:
        stack["made"].pause()

        assert stack["made"].terminate(seconds=PATIENCE).status == 7


# === killed, terminated ===


def test_a_killed_service_is_away_until_the_body_ends(running: RunningStack) -> None:
    """It is said how it ended; then it is ready on its port with another process."""
    before = running["store"].pid
    with running["store"].killed() as ending:
        assert ending.signal == "SIGKILL"
        with pytest.raises(ConnectionRefusedError):
            answers(running.address("store.data"))

    assert answers(running.address("store.data"))
    assert running["store"].pid != before


def test_a_service_that_the_test_itself_starts_again_is_left_alone(running: RunningStack) -> None:
    """It is not started twice."""
    with running["store"].killed():
        running["store"].bring_back()
        again = running["store"].pid

    assert running["store"].pid == again


@pytest.mark.parametrize("fault", ["killed", "terminated"])
def test_a_service_that_has_ended_cannot_be_taken_down(running: RunningStack, fault: str) -> None:
    """A fault of nothing."""
    running["store"].kill()

    with pytest.raises(NotRunning, match="store is not running: it is exited"), getattr(running["store"], fault)():
        pass


def test_a_service_that_has_to_be_killed_was_not_terminated(lease: Lease, program: Program) -> None:
    """And it is there again all the same."""
    service = Service(name="made", command=program("ignore_sigterm"), ready=Notify(), stop=())
    with start(Stack(name="stubborn", services=(service,)), lease=lease) as stack:
        with pytest.raises(FaultNotEffective, match="it did not end in time and was killed"):
            stack["made"].terminated(0.05).__enter__()

        assert stack["made"].facts()["state"] == "running"


# === limits ===


def test_a_service_has_its_limits_from_its_first_instruction(lease: Lease, program: Program) -> None:
    """Soft and hard, so that it cannot lift them; its process is the program's own."""
    service = Service(name="store", command=program("echo", "{data}"), ports={"data": FREE}, ready=Notify())
    limited = Service(
        name="small", command=service.command, ports=service.ports, ready=Notify(), limits=Limits(open_files=32)
    )
    with start(Stack(name="limits", services=(service, limited)), lease=lease) as stack:
        assert resource.prlimit(stack["small"].pid, resource.RLIMIT_NOFILE) == (32, 32)
        assert resource.prlimit(stack["store"].pid, resource.RLIMIT_NOFILE) != (32, 32)
        assert "echo" in processes.command(stack["small"].pid)
        assert stack["small"].facts()["build_id"] == stack["store"].facts()["build_id"]


def test_a_service_with_little_memory_cannot_have_more(lease: Lease, program: Program) -> None:
    """What it cannot have is refused to it, as on a full machine."""
    words = ("-c", "bytearray(256 << 20)")
    service = Service(name="greedy", command=(program("echo")[0], *words), limits=Limits(memory=64 << 20))
    with start(Stack(name="limits", services=(service,)), lease=lease) as stack:
        stack["greedy"].log.wait_for("MemoryError")

        assert stack["greedy"].wait_ended(PATIENCE).status == 1


def test_a_limit_for_a_while_stops_new_files(running: RunningStack) -> None:
    """What is open stays open."""
    address = running.address("store.data")
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as end:
        end.sendall(b"hello")
        assert end.recv(5) == b"hello"
        files = [int(path.name) for path in Path(f"/proc/{running['store'].pid}/fd").iterdir()]
        with running["store"].limited(Limits(open_files=max(files) + 1)):
            end.sendall(b"again")
            assert end.recv(5) == b"again"
            with socket.create_connection((host, int(port)), timeout=0.2) as late, pytest.raises(TimeoutError):
                late.recv(1)
    assert answers(address)


def test_a_limit_that_is_lifted_meanwhile_is_no_effect(running: RunningStack) -> None:
    """By the service itself, or by anybody."""
    pid = running["store"].pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    with pytest.raises(FaultNotEffective, match="limited"), running["store"].limited(LIMITS):
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
