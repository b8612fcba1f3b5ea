"""Stacks that go on when their starter has gone, found again by name."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

from ziggurat import (
    FREE,
    AlreadyRunning,
    KeeperLost,
    Notify,
    Service,
    Stack,
    StartFailed,
    addresses_of,
    attach,
    start_detached,
    wait_until,
)
from ziggurat.keeper import processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ziggurat import RunningStack

    Program = Callable[..., tuple[str, ...]]
    Gone = Callable[..., None]

STARTER = Path(__file__).parents[2] / "programs" / "start_detached.py"


class Base(Protocol):
    """The folder of runs of the test."""

    def runs(self) -> list[Path]:
        """Return the folders of runs that are there."""

    def wait_empty(self) -> None:
        """Wait until no run has left anything."""


@pytest.fixture
def described(program: Program) -> Stack:
    """A stack of one service, as its starter describes it too."""
    service = Service(name="web", command=program("serve", "{http}"), ports={"http": FREE}, ready=Notify())
    return Stack(name="detached", services=(service,))


@pytest.fixture
def detached(base: Base, described: Stack) -> Iterator[RunningStack]:
    """The stack, left running by a starter that has ended; ended after the test."""
    subprocess.run([sys.executable, str(STARTER)], check=True, capture_output=True, timeout=30)
    running = attach(described)
    assert running is not None
    yield running
    with suppress(KeeperLost):
        running.stop()
    running.lease.close()
    base.wait_empty()


def test_a_stack_goes_on_without_its_starter(detached: RunningStack) -> None:
    """Which has ended, and its terminal with it; the addresses are those that were chosen at the start."""
    assert detached["web"].facts()["state"] == "running"
    assert detached.address("web.http").startswith("127.0.0.1:")
    assert detached["web"].log.lines()[0] == f"listening on port {detached.address('web.http').rpartition(':')[2]}"


def test_its_addresses_are_found_by_its_name_alone(detached: RunningStack) -> None:
    """By whoever only wants to call it; none are found where none runs."""
    assert addresses_of("detached") == {"web.http": detached.address("web.http")}
    assert addresses_of("other") == {}


def test_closing_a_lease_on_it_changes_nothing(detached: RunningStack, described: Stack) -> None:
    """Whoever looks at it does not own it."""
    other = attach(described)
    assert other is not None
    pid = other["web"].pid
    other.lease.close()

    assert detached["web"].pid == pid


def test_a_second_start_is_refused_and_says_where_the_first_is(detached: RunningStack, described: Stack) -> None:
    """And leaves the first as it was."""
    with pytest.raises(AlreadyRunning) as caught:
        start_detached(described)

    assert caught.value.name == "detached"
    assert caught.value.folder == detached.lease.folder
    assert caught.value.pid == detached.lease.about_keeper["pid"]
    assert detached["web"].facts()["state"] == "running"


def test_an_attached_service_can_be_restarted(detached: RunningStack) -> None:
    """On its port, with another pid."""
    before = detached["web"].pid
    detached["web"].restart()

    assert detached["web"].pid != before


def test_its_keeper_takes_it_along(detached: RunningStack, described: Stack, wait_gone: Gone) -> None:
    """It dies with its keeper, and then nobody finds it."""
    pid, keeper = detached["web"].pid, detached.lease.about_keeper["pid"]
    os.kill(keeper, signal.SIGKILL)

    wait_gone(pid, keeper)
    assert attach(described) is None


def test_nothing_is_attached_where_nothing_runs(base: Base, described: Stack) -> None:
    """Nor made."""
    assert attach(described) is None
    assert base.runs() == []


def test_a_stack_can_be_started_again_after_it_was_stopped(base: Base, described: Stack) -> None:
    """At once."""
    for _ in range(3):
        running = start_detached(described)
        running.stop()
        assert attach(described) is None
    base.wait_empty()


def test_a_start_that_fails_leaves_nothing(base: Base, described: Stack, program: Program) -> None:
    """And the next one is not refused."""
    bad = Service(name="bad", command=program("exit_at_once", "1"), ready=Notify())

    with pytest.raises(StartFailed):
        start_detached(Stack(name="detached", services=(*described.services, bad)))
    base.wait_empty()
    assert attach(described) is None
    start_detached(described).stop()


def test_a_starter_that_is_killed_half_way_leaves_nothing(base: Base, described: Stack, wait_gone: Gone) -> None:
    """The stack is its own only once it is up."""
    with subprocess.Popen(
        [sys.executable, str(STARTER), "--never-ready"], stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout is not None
        members = [int(word) for word in starter.stdout.readline().split()]
        starter.kill()

    wait_gone(*members)
    base.wait_empty()
    assert attach(described) is None


def test_two_starts_at_once_are_one(base: Base, described: Stack) -> None:
    """The other is refused."""
    starters = [subprocess.Popen([sys.executable, str(STARTER)], stderr=subprocess.PIPE, text=True) for _ in range(3)]
    said = [starter.communicate(timeout=30)[1] for starter in starters]

    assert sorted(starter.returncode for starter in starters) == [0, 1, 1]
    assert sum("AlreadyRunning" in text for text in said) == 2
    running = attach(described)
    assert running is not None
    running.stop()
    base.wait_empty()


def test_nobody_holds_the_terminal_of_the_starter(base: Base, described: Stack) -> None:
    """``start 2>&1 | cat`` ends when the starter does, whatever descriptors it was given."""
    extra, write = os.pipe()
    with subprocess.Popen(
        [sys.executable, str(STARTER)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, pass_fds=(write,)
    ) as starter:
        os.close(write)
        starter.communicate(timeout=10)
    assert os.read(extra, 1) == b""
    os.close(extra)

    running = attach(described)
    assert running is not None
    keeper, warden = running.lease.about_keeper["pid"], running.lease.about_keeper["warden"]
    assert processes.session(keeper) == warden
    running.stop()
    base.wait_empty()


def test_what_a_dead_machine_left_is_no_stack(base: Base, described: Stack) -> None:
    """A folder and a socket that nobody answers at, as after a reboot."""
    running = start_detached(described)
    pids = running.lease.about_keeper["pid"], running.lease.about_keeper["warden"], running["web"].pid
    os.kill(pids[1], signal.SIGSTOP)
    for pid in (pids[0], pids[2], pids[1]):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not any(processes.start_time(pid) for pid in pids), seconds=2, what="the end of all three")
    running.lease.close()

    assert attach(described) is None
    fresh = start_detached(described)
    wait_until(lambda: base.runs() == [fresh.lease.folder], seconds=2, what="the removal of the dead run's folder")
    fresh.stop()
    base.wait_empty()
