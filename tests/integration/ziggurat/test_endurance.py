"""Long runs use no more than short ones."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ziggurat import FREE, Lease, Notify, Service, Stack, Tcp, own, start, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from ziggurat.spec import Probe

    Program = Callable[..., tuple[str, ...]]

CYCLES = 50


def descriptors(pid: int | str) -> int:
    """Count what a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def watches(pid: int) -> int:
    """Count the files that a process watches."""
    folder = Path(f"/proc/{pid}/fdinfo")
    return sum(entry.read_text().count("inotify wd") for entry in folder.iterdir())


@pytest.fixture
def made(program: Program) -> Stack:
    """Two services with a probe each."""
    probes: dict[str, Probe] = {"says": Notify(), "answers": Tcp(endpoint="http")}
    return Stack(
        name="made",
        services=tuple(
            Service(name=name, command=program("serve", "{http}"), ports={"http": FREE}, ready=probe, stop=())
            for name, probe in probes.items()
        ),
    )


def test_stacks_that_come_and_go_leave_nothing_in_their_keeper(lease: Lease, made: Stack) -> None:
    """Neither descriptors nor watches nor threads, nor files of sockets."""
    keeper = lease.about_keeper["pid"]
    start(made, lease=lease).stop()
    before = (descriptors("self"), descriptors(keeper), watches(keeper), threading.active_count())
    sockets = sorted(path.name for path in lease.folder.iterdir() if path.is_socket())

    for _ in range(CYCLES):
        start(made, lease=lease).stop()

    assert (descriptors("self"), descriptors(keeper), watches(keeper), threading.active_count()) == before
    assert sorted(path.name for path in lease.folder.iterdir() if path.is_socket()) == sockets


def test_restarts_leave_nothing_in_the_keeper(lease: Lease, made: Stack) -> None:
    """One service started again and again."""
    keeper = lease.about_keeper["pid"]
    with start(made, lease=lease) as running:
        running["says"].restart()
        before = (descriptors("self"), descriptors(keeper), watches(keeper))

        for _ in range(CYCLES):
            running["says"].kill()
            running["says"].restart()

        assert (descriptors("self"), descriptors(keeper), watches(keeper)) == before


def test_keepers_that_come_and_go_leave_nothing_in_their_owner(base: object) -> None:
    """Neither descriptors nor threads nor zombies."""
    del base
    # The session has a keeper of its own, and a thread that waits for it.
    reapers = _reapers()
    with own() as first:
        first.end()
    before = descriptors("self")

    for _ in range(10):
        with own() as lease:
            lease.end()

    assert descriptors("self") == before
    wait_until(lambda: _reapers() == reapers, seconds=2, what="the end of the threads that reap")


def _reapers() -> int:
    return sum(thread.name == "ziggurat-warden-reaper" for thread in threading.enumerate())


def test_a_thousand_short_children_leave_no_zombie(lease: Lease) -> None:
    """The keeper reaps orphans as they come to it."""
    script = "i=0; while [ $i -lt 1000 ]; do (sh -c : &) ; i=$((i+1)); done; echo done; exec sleep 60"
    with start(
        Stack(name="many", services=(Service(name="sh", command=("/bin/sh", "-c", script), stop=()),)), lease=lease
    ) as running:
        running["sh"].log.wait_for("^done$", seconds=30)
        main = running["sh"].pid
        keeper = lease.about_keeper["pid"]

        wait_until(lambda: _children(keeper) == [main], seconds=2, what="the end of all orphans")


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_many_signals_at_once_are_one_end(base: object) -> None:
    """A hundred SIGINTs end a run once, in order."""
    del base
    lease = own()
    for _ in range(100):
        try:
            os.kill(lease.about_keeper["warden"], 2)
        except ProcessLookupError:
            break
    lease.end()
