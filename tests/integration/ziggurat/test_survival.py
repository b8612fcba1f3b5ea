"""Who survives when somebody is killed: nobody."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

from ziggurat import FREE, KeeperLost, Notify, OnOrphan, Service, Stack, own, start, wait_until
from ziggurat.keeper import processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Program = Callable[..., tuple[str, ...]]
    Gone = Callable[..., None]

OWNER = Path(__file__).parents[2] / "programs" / "own_a_stack.py"


class Base(Protocol):
    """The folder of runs of the test."""

    folder: Path

    def runs(self) -> list[Path]:
        """Return the folders of runs that are there."""

    def wait_empty(self) -> None:
        """Wait until no run has left anything."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A process that owns a stack, and what it told of it."""

    process: subprocess.Popen[str]
    keeper: int
    warden: int
    run: str
    members: list[int]


@contextmanager
def owner(*words: str) -> Iterator[Owner]:
    """Run a process that owns a stack with every kind of descendant."""
    command = [sys.executable, str(OWNER), *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            yield Owner(process, **told)
        finally:
            process.kill()


def wait_untagged(run: str) -> None:
    """Wait until no process carries the tag of a run."""
    wait_until(lambda: not processes.tagged(run), seconds=2, what="the end of all tagged processes")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_an_owner_that_is_ended_takes_everything_with_it(base: Base, wait_gone: Gone, number: signal.Signals) -> None:
    """However it goes: also a daemon without tag and session, and the run's folder."""
    with owner() as ended:
        ended.process.send_signal(number)
        ended.process.wait(10)

        wait_gone(*ended.members, ended.keeper, ended.warden)
        wait_untagged(ended.run)
    base.wait_empty()


def test_an_owner_that_leaves_a_child_is_still_an_owner_that_is_gone(base: Base, wait_gone: Gone) -> None:
    """A child of it, forked, still has the owner's end of the connection open."""
    with owner("--fork") as ended:
        ended.process.kill()

        wait_gone(*ended.members, ended.keeper, ended.warden)
    base.wait_empty()


def test_a_killed_keeper_leaves_everything_to_its_warden(base: Base, wait_gone: Gone) -> None:
    """Which kills and reaps it, and removes the run's folder."""
    with owner() as left:
        os.kill(left.keeper, signal.SIGKILL)

        wait_gone(*left.members, left.warden)
        wait_untagged(left.run)
        base.wait_empty()


def test_a_killed_warden_is_the_end_of_its_keeper(base: Base, wait_gone: Gone) -> None:
    """Nothing may go on without one."""
    with owner() as left:
        os.kill(left.warden, signal.SIGKILL)

        wait_gone(*left.members, left.keeper)
        wait_untagged(left.run)
        base.wait_empty()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("who", ["keeper", "warden"])
def test_a_keeper_or_warden_that_is_asked_to_end_ends_everything(
    base: Base, wait_gone: Gone, who: str, number: signal.Signals
) -> None:
    """As a shutdown of the machine asks, and a person with ``kill``."""
    with owner() as left:
        os.kill(getattr(left, who), number)

        wait_gone(*left.members, left.keeper, left.warden)
        base.wait_empty()


def test_a_warden_that_is_asked_to_end_while_it_cleans_up_goes_on(base: Base, wait_gone: Gone) -> None:
    """Its keeper is gone by then: there is nobody to pass the signal on to."""
    with owner() as left:
        os.kill(left.keeper, signal.SIGKILL)
        with suppress(ProcessLookupError):
            while processes.start_time(left.warden):
                os.kill(left.warden, signal.SIGTERM)

        wait_gone(*left.members)
        wait_untagged(left.run)
        base.wait_empty()


def test_what_both_killed_at_once_leave_is_swept_by_the_next_run(base: Base, wait_gone: Gone) -> None:
    """By the tag in the environment; the folder goes too."""
    with owner() as left:
        os.kill(left.warden, signal.SIGSTOP)
        os.kill(left.keeper, signal.SIGKILL)
        os.kill(left.warden, signal.SIGKILL)
        wait_gone(left.keeper, left.warden)
        assert processes.tagged(left.run) != []

        with own() as lease:
            wait_untagged(left.run)
            wait_until(lambda: len(base.runs()) == 1, seconds=2, what="the removal of the dead run's folder")
            lease.end()
        # Without a tag and without its keeper, nobody can know whose this one is.
        for pid in left.members:
            if processes.environment(pid) == {}:
                os.kill(pid, signal.SIGKILL)


def test_a_run_that_lives_is_not_swept(base: Base, program: Program, wait_gone: Gone) -> None:
    """Nor is anything of it."""
    service = Service(name="made", command=program("ignore_sigterm"), ready=Notify(), stop=())
    with own() as first, start(Stack(name="one", services=(service,)), lease=first) as stack:
        dead = base.folder / "dead"
        dead.mkdir()
        (dead / "run").write_text("nobody 1 1 1 1")
        with own() as second:
            wait_until(lambda: not dead.exists(), seconds=2, what="the second run's sweep")
            second.end()
            wait_gone(second.about_keeper["warden"])

        assert stack["made"].facts()["state"] == "running"
        assert base.runs() == [first.folder]
        stack.stop()
        first.end()


def test_a_service_that_asked_for_a_grace_gets_one(base: Base, program: Program, tmp_path: Path) -> None:
    """When its owner is gone it gets SIGTERM and 2 s, and ends in order."""
    service = Service(
        name="made",
        command=program("write_when_ended", str(tmp_path / "ended")),
        ready=Notify(),
        on_orphan=OnOrphan.TERMINATE,
    )
    lease = own()
    start(Stack(name="one", services=(service,)), lease=lease)
    lease.close()

    base.wait_empty()
    assert (tmp_path / "ended").read_text() == "in order"


def test_a_warden_that_ends_before_it_has_a_keeper_leaves_no_folder(
    base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody else would remove it: there is no record yet by which a later run could know that it is a dead one's."""
    monkeypatch.setattr(sys, "executable", "/bin/false")

    with pytest.raises(KeeperLost):
        own()
    assert base.runs() == []


def test_nothing_is_started_for_a_keeper_that_ends(base: Base, program: Program) -> None:
    """Whoever asks for it hears that all is gone."""
    lease = own()
    os.kill(lease.about_keeper["pid"], signal.SIGKILL)
    service = Service(name="made", command=program("ignore_sigterm"), ready=Notify())

    with pytest.raises(KeeperLost):
        start(Stack(name="one", services=(service,)), lease=lease)
    lease.close()
    base.wait_empty()


@pytest.mark.parametrize("word", ["{http}", "{scratch}"])
def test_a_start_at_a_keeper_that_has_ended_does_not_make_its_folder_again(base: Base, word: str) -> None:
    """Nobody would ever remove it."""
    lease = own()
    os.kill(lease.about_keeper["pid"], signal.SIGKILL)
    base.wait_empty()
    service = Service(name="made", command=("/bin/echo", word), ports={"http": FREE})

    with pytest.raises(KeeperLost):
        start(Stack(name="one", services=(service,)), lease=lease)
    lease.close()
    assert base.runs() == []


def test_a_second_end_is_the_first(base: Base) -> None:
    """And one after the keeper was killed too."""
    lease = own()
    lease.end()
    lease.end()

    base.wait_empty()


CHILDLESS = """
import signal, threading
from ziggurat import own
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
own().end()
for thread in threading.enumerate():
    if thread.name == "ziggurat-warden-reaper":
        thread.join()
"""


def test_a_warden_that_somebody_else_reaps_is_no_error(base: Base) -> None:
    """Some programs leave that to the kernel."""
    ended = subprocess.run([sys.executable, "-c", CHILDLESS], capture_output=True, text=True, check=True)

    assert ended.stderr == ""
    base.wait_empty()
