"""A run that is ended in the middle of a test leaves nothing."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

from ziggurat import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Write = Callable[[str, str], Path]

END_SECONDS = 20.0
"""For an orderly end on a busy machine; a quiet one needs a second."""
SOURCE = """
    import sys
    from stacks import HERE, PROGRAMS, stack, tell
    from ziggurat import Notify, Port, Service, Stack, wait_until

    def test_it(session_stacks, keeper):
        kinds = ("child", "session", "daemon", "bare", "stubborn")
        command = (sys.executable, PROGRAMS / "leave_family.py", *kinds, "{scratch}")
        # A listener that is handed over is one that they all inherit.
        web = Service(name="web", command=command, ports={"http": Port(handover=True)}, ready=Notify())
        running = session_stacks.start(Stack(name="made", services=(web,)))
        log = running["web"].log
        pids = [int(log.wait_for(f"^{kind} ([0-9]+)$")[1]) for kind in kinds]
        tell("middle", keeper, running.address("web.http"), running["web"].pid, *pids)
        wait_until((HERE / "go").exists, seconds=60, what="leave to go on")
        running["web"].restart()

    def test_next(session_stacks):
        session_stacks.start(stack())
"""
AT_TERMINAL = "import os, sys; os.login_tty(0); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
"""Has its standard input for the terminal of a session of its own, and goes on as another Python."""


class Told(Protocol):
    """Who and what was there in the middle of the test."""

    keeper: int
    warden: int

    def wait_gone(self) -> None:
        """Wait until nothing is left of it."""

    def wait_lost(self) -> None:
        """Wait until nothing is left but the process that runs the test."""


class InTheMiddle(Protocol):
    """Runs pytest until it is in the middle of its test; when it has ended, nothing of it may be left."""

    def __call__(
        self, *words: str, terminal: int | None = None
    ) -> AbstractContextManager[tuple[subprocess.Popen[bytes], Told]]:
        """Run it with more words, in a session of its own; with a terminal, at that."""


@pytest.fixture
def folder(project: pytest.Pytester, write: Write, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose first test tells who is there, and waits for leave to use its stack again."""
    monkeypatch.setenv("PYTEST_PLUGINS", "ziggurat.pytest_plugin,xdist")
    write("integration/test_a.py", SOURCE)
    return project.path


@pytest.fixture
def in_the_middle(folder: Path, command: list[str], middle: Callable[[str], Told]) -> InTheMiddle:
    """Run pytest until it is in the middle of its test; when it has ended, nothing of it may be left."""

    @contextmanager
    def run(*words: str, terminal: int | None = None) -> Iterator[tuple[subprocess.Popen[bytes], Told]]:
        with (folder / "said").open("wb") as said:
            if terminal is None:
                runs = subprocess.Popen(
                    [*command, *words], cwd=folder, start_new_session=True, stdout=said, stderr=said
                )
            else:
                python, *others = command
                runs = subprocess.Popen([python, "-c", AT_TERMINAL, *others, *words], cwd=folder, stdin=terminal)
        with runs:
            told = middle("middle")
            yield runs, told
            runs.wait(END_SECONDS)
            told.wait_gone()

    return run


@pytest.mark.parametrize("words", [(), ("-n", "1"), ("-s",)], ids=["plain", "worker", "uncaptured"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_ended_in_the_middle_of_a_test_leaves_nothing(
    in_the_middle: InTheMiddle, words: tuple[str, ...], number: signal.Signals
) -> None:
    """However it is ended: by Ctrl-C, by a CI that gives up, or at once."""
    with in_the_middle(*words) as (runs, _):
        if number == signal.SIGINT:
            # As a terminal sends it: to all of the foreground.
            os.killpg(runs.pid, number)
        else:
            runs.send_signal(number)


@pytest.mark.parametrize("words", [(), ("-n", "1")], ids=["plain", "worker"])
def test_a_closed_terminal_leaves_nothing(in_the_middle: InTheMiddle, words: tuple[str, ...]) -> None:
    """It hangs up on all of the foreground, and nobody can write to it any more."""
    ours, theirs = os.openpty()
    with in_the_middle(*words, terminal=theirs) as (runs, _):
        os.close(theirs)
        os.close(ours)

    assert runs.returncode == -signal.SIGHUP


@pytest.mark.parametrize("number", [signal.SIGABRT, signal.SIGSEGV])
def test_a_crash_of_the_interpreter_leaves_nothing(in_the_middle: InTheMiddle, number: signal.Signals) -> None:
    """No code of Python's runs any more."""
    with in_the_middle() as (runs, _):
        runs.send_signal(number)


@pytest.mark.parametrize("words", [(), ("-n", "1")], ids=["plain", "worker"])
def test_an_impatient_ctrl_c_leaves_nothing(in_the_middle: InTheMiddle, words: tuple[str, ...]) -> None:
    """Sent again and again: the second one interrupts the end that the first one began."""
    with in_the_middle(*words) as (runs, _):

        def has_ended() -> bool:
            with suppress(ProcessLookupError):
                os.killpg(runs.pid, signal.SIGINT)
            return runs.poll() is not None

        wait_until(has_ended, seconds=20, what="the end of pytest")


@pytest.mark.parametrize("who", ["keeper", "warden"])
def test_a_keeper_or_warden_that_is_killed_takes_the_stacks_and_not_the_run(
    folder: Path, in_the_middle: InTheMiddle, who: str
) -> None:
    """Each test that still needs a stack fails and says why."""
    with in_the_middle() as (runs, told):
        os.kill(getattr(told, who), signal.SIGKILL)
        told.wait_lost()
        (folder / "go").touch()

    assert runs.returncode == pytest.ExitCode.TESTS_FAILED
    said = pytest.LineMatcher((folder / "said").read_text().splitlines())
    said.fnmatch_lines(["E *KeeperLost: the keeper is gone, and with it every service of the run", "  made.web: gone"])
    said.fnmatch_lines_random(["FAILED *::test_it - *KeeperLost*", "FAILED *::test_next - *KeeperLost*"])
