"""A run that is ended in the middle of a test leaves nothing."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ziggurat import wait_until
from ziggurat.keeper import processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Write = Callable[[str, str], Path]
    Gone = Callable[..., None]

SOURCE = """
    import os, sys, time
    from pathlib import Path
    from ziggurat import Notify, Service, Stack
    from stacks import PROGRAMS

    def test_it(session_stacks, keeper, tmp_path):
        kinds = ("child", "session", "daemon", "bare", "stubborn")
        command = (sys.executable, PROGRAMS / "leave_family.py", *kinds)
        web = Service(name="web", command=command, ready=Notify())
        running = session_stacks.start(Stack(name="made", services=(web,)))
        log = running["web"].log
        pids = [int(log.wait_for(f"^{kind} ([0-9]+)$")[1]) for kind in kinds]
        facts = keeper.about_keeper
        told = [facts["pid"], facts["warden"], running["web"].pid, os.getpid(), *pids]
        fresh = Path(os.environ["TOLD"] + ".new")
        fresh.write_text(" ".join(map(str, [facts["run"], *told])))
        fresh.rename(os.environ["TOLD"])
        time.sleep(60)
"""


@pytest.fixture
def told(project: pytest.Pytester, write: Write, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which the project's test writes who is there, once it is in the middle."""
    monkeypatch.setenv("PYTEST_PLUGINS", "ziggurat.pytest_plugin,xdist")
    monkeypatch.setenv("TOLD", str(project.path / "told"))
    write("integration/test_a.py", SOURCE)
    return project.path / "told"


@contextmanager
def in_the_middle(told: Path, command: list[str], *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run pytest until it is in the middle of its test; in the end nothing of it may be left."""
    with (
        Path(os.devnull).open("w") as nothing,
        subprocess.Popen(
            [*command, *words], cwd=told.parent, start_new_session=True, stdout=nothing, stderr=nothing
        ) as runs,
    ):
        wait_until(told.exists, seconds=20, what="the middle of the test")
        run, *pids = told.read_text().split()
        yield runs
        wait_until(lambda: not any(map(_lives, map(int, pids))), seconds=5, what=f"the end of {pids}")
        assert processes.tagged(run) == []
        runs.wait(10)


@pytest.mark.parametrize("words", [(), ("-n", "1"), ("-s",)], ids=["plain", "worker", "uncaptured"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_ended_in_the_middle_of_a_test_leaves_nothing(
    told: Path, command: list[str], words: tuple[str, ...], number: signal.Signals
) -> None:
    """However it is ended: by Ctrl-C, by a CI that gives up, or at once."""
    with in_the_middle(told, command, *words) as runs:
        if number == signal.SIGINT:
            # As a terminal sends it: to all of the foreground.
            os.killpg(runs.pid, number)
        else:
            runs.send_signal(number)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGABRT, signal.SIGSEGV])
def test_a_closed_terminal_and_a_crash_of_the_interpreter_leave_nothing(
    told: Path, command: list[str], number: signal.Signals
) -> None:
    """No code of Python's runs any more."""
    with in_the_middle(told, command) as runs:
        runs.send_signal(number)


@pytest.mark.parametrize("words", [(), ("-n", "1")], ids=["plain", "worker"])
def test_an_impatient_ctrl_c_leaves_nothing(told: Path, command: list[str], words: tuple[str, ...]) -> None:
    """Sent again and again: the second one interrupts the end that the first one began."""
    with in_the_middle(told, command, *words) as runs:

        def has_ended() -> bool:
            with suppress(ProcessLookupError):
                os.killpg(runs.pid, signal.SIGINT)
            return runs.poll() is not None

        wait_until(has_ended, seconds=20, what="the end of pytest")


def _lives(pid: int) -> bool:
    return processes.state(pid) not in {"", "Z", "X"}
