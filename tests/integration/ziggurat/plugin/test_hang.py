"""A test that hangs is looked at before it is ended, and what its fixtures started is stopped in peace."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ziggurat import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Write = Callable[[str, str], Path]
    Run = Callable[..., pytest.RunResult]

WAITS = """
    import signal, sys, time
    from dataclasses import replace
    import pytest
    from ziggurat import Ask, Notify, Service, Stack
    from stacks import PROGRAMS, stack

    @pytest.fixture(scope="session")
    def web(session_stacks):
        web = Service(
            name="web",
            command=(sys.executable, PROGRAMS / "tell_on_sigquit.py"),
            ready=Notify(),
            dump=signal.SIGQUIT,
            stop=(Ask(seconds=10),),
        )
        silent = replace(stack().services[0], name="silent")
        return session_stacks.start(Stack(name="made", services=(web, silent)))["web"]

    def test_before(web):
        pass

    @pytest.mark.timeout(1)
    def test_waits(web):
        wait_for_the_answer()

    def wait_for_the_answer():
        print("waiting", flush=True)
        time.sleep(60)

    def test_after(web):
        pass
"""


def test_a_time_out_tells_where_everybody_stood(
    write: Write, run: Run, project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test, each process by /proc, who answers by himself, and why a debugger told nothing; then all goes on."""
    monkeypatch.setenv("PYTEST_PLUGINS", "ziggurat.pytest_plugin,pytest_timeout")
    monkeypatch.setenv("PATH", str(project.path))
    write("integration/test_a.py", WAITS)
    result = run("--timelines=timelines")

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*- hang report -*",
            "tests/integration/test_a.py::test_waits",
            "it was not over after 1 s; looked at 2 processes in *",
            "stacks of the test*",
            "    wait_for_the_answer * tests/integration/test_a.py:*",
            "made.web (pid *): *",
            "  state: sleeping, 1 threads*",
            "  threads: *",
            "  what it says itself",
            "      3 orders wait for stock",
            "    end of dump",
            "made.silent (pid *)*",
            "    TCP 127.0.0.1:* LISTEN",
            "  py-spy: not told, it is not installed",
            "whole: *hang.txt",
            "*- timeline of the test -*",
        ]
    )
    (whole,) = (project.path / "timelines").glob("*.hang.txt")
    assert "3 orders wait for stock" in whole.read_text()
    (log,) = {path.resolve() for path in project.path.rglob("made-1.web.log")}
    assert "stopped in peace" in log.read_text()


MANY = """
    import time
    from dataclasses import replace
    import pytest
    from ziggurat import Stack
    from stacks import stack

    @pytest.mark.timeout(1)
    def test_waits(test_stacks):
        silent = stack().services[0]
        test_stacks.start(Stack(name="made", services=[replace(silent, name=f"silent-{n}") for n in range(8)]))
        time.sleep(60)
"""


def test_a_look_is_over_within_five_seconds_whoever_hangs(
    write: Write, run: Run, project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here every debugger does, of eight processes at once."""
    tools = project.mkdir("tools")
    for name in ("py-spy", "gdb"):
        (tools / name).write_text("#!/bin/sh\nexec sleep 60\n")
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PYTEST_PLUGINS", "ziggurat.pytest_plugin,pytest_timeout")
    monkeypatch.setenv("PATH", str(tools), prepend=os.pathsep)
    write("integration/test_a.py", MANY)
    result = run()

    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    (seconds,) = re.findall(r"looked at 8 processes in ([0-9.]+) s", text)
    assert float(seconds) <= 5
    assert len(re.findall(r"  py-spy: not told, it told nothing within", text)) == 8


def test_a_teardown_that_hangs_after_a_failure_is_timed_out_too(
    write: Write, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The failure of the test itself has stopped the clock."""
    monkeypatch.setenv("PYTEST_PLUGINS", "ziggurat.pytest_plugin,pytest_timeout")
    source = """
        import pytest, time

        @pytest.fixture
        def stuck():
            yield
            time.sleep(60)

        def test_it(stuck):
            assert False
    """
    write("integration/test_a.py", source)
    result = run("--timeout=0.5")

    result.assert_outcomes(failed=1, errors=1)
    result.stdout.fnmatch_lines(["*- hang report -*", "    stuck *test_a.py:7"])


def test_a_report_that_cannot_be_written_replaces_no_time_out(
    write: Write, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The terminal has it in short."""
    monkeypatch.setenv("PYTEST_PLUGINS", "ziggurat.pytest_plugin,pytest_timeout")
    source = """
        import time

        def test_waits():
            time.sleep(60)
    """
    write("integration/test_a.py", source)
    result = run("--timeout=0.5", "--timelines=/proc/timelines")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["E*Failed: Timeout (>0.5s) from pytest-timeout.", "*- hang report -*", "whole: not written, no such file or *"]
    )


@pytest.fixture
def waiting(
    write: Write, project: pytest.Pytester, command: list[str], tmp_path: Path
) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A run in the middle of a test that waits, and the file that its output goes to."""
    write("integration/test_a.py", WAITS)
    output = tmp_path / "output"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [*command, "-s", "-o", "markers=timeout"], cwd=project.path, stdout=file, stderr=file
        )
    wait_until(lambda: b"waiting" in output.read_bytes(), seconds=20, what="the test")
    yield process, output
    process.kill()
    process.wait()


def test_an_interrupt_tells_in_short_where_everybody_stood(waiting: tuple[subprocess.Popen[bytes], Path]) -> None:
    """And ends the run as ever, with all its teardown."""
    process, output = waiting
    process.send_signal(signal.SIGINT)

    assert process.wait(20) == pytest.ExitCode.INTERRUPTED
    text = output.read_text()
    assert "    wait_for_the_answer " in text
    assert "it was interrupted; looked at 2 processes" in text
    assert "made.web (pid" in text
    assert "KeyboardInterrupt" in text


def test_an_interrupt_of_a_terminal_tells_where_each_worker_stood(
    write: Write, project: pytest.Pytester, command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reaches the controller and its workers at once, and each tells of its own test."""
    monkeypatch.setenv("PYTEST_PLUGINS", "ziggurat.pytest_plugin,xdist")
    source = """
        import pathlib, time, pytest

        @pytest.mark.parametrize("number", range(2))
        def test_waits(number):
            wait_for_the_answer(pathlib.Path(f"waits-{number}"))

        def wait_for_the_answer(sign):
            sign.touch()
            time.sleep(60)
    """
    write("integration/test_a.py", source)
    output = tmp_path / "output"
    with output.open("wb") as file:
        run = subprocess.Popen([*command, "-n2"], cwd=project.path, stdout=file, stderr=file, start_new_session=True)
    try:
        waits = [project.path / f"waits-{number}" for number in range(2)]
        wait_until(lambda: all(path.exists() for path in waits), seconds=20, what="both tests")
        os.killpg(run.pid, signal.SIGINT)

        assert run.wait(20) == pytest.ExitCode.INTERRUPTED
    finally:
        run.kill()
        run.wait()
    text = output.read_text()
    for number in range(2):
        assert f"tests/integration/test_a.py::test_waits[{number}]\nit was interrupted; looked at 0 processes" in text
    assert text.count("    wait_for_the_answer ") == 2
    assert "<string>" not in text


def test_a_second_interrupt_ends_at_once(waiting: tuple[subprocess.Popen[bytes], Path]) -> None:
    """Whatever the first one still waits for."""
    process, output = waiting
    process.send_signal(signal.SIGINT)
    wait_until(lambda: b"it was interrupted" in output.read_bytes(), seconds=20, what="the first answer")
    process.send_signal(signal.SIGINT)

    assert process.wait(20) in {130, pytest.ExitCode.INTERRUPTED}
