"""A test that leaves a process behind fails, and the process is ended."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from ziggurat import wait_until
from ziggurat.keeper import processes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Write = Callable[[str, str], Path]
    Run = Callable[..., pytest.RunResult]

SLEEPING = """
    import multiprocessing, os, subprocess, sys
    import pytest
    from stacks import stack

    COMMAND = [sys.executable, "-c", "import time; time.sleep(60)"]

    LEFT = []

    def sleeping():
        LEFT.append(subprocess.Popen(COMMAND, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        return LEFT[-1]
"""


def test_a_process_that_is_left_is_a_leak(write: Write, run: Run) -> None:
    """Its command and who started it are told; a daemon is found by what it inherited; neither is left."""
    source = f"""{SLEEPING}
    def test_child():
        sleeping()

    def test_daemon():
        if os.fork() == 0:
            os.setsid()
            os.posix_spawn(COMMAND[0], COMMAND, os.environ)
            os._exit(0)
        os.wait()

    def test_clean():
        process = sleeping()
        process.kill()
        process.wait()
    """
    write("integration/test_a.py", source)
    result = run()

    result.assert_outcomes(passed=3, errors=2)
    told = re.findall(r" +pid (\d+): .*time.sleep\(60\), started by (.*)", result.stdout.str())
    assert [who for _, who in told] == [
        "tests/integration/test_a.py::test_child (call)",
        "tests/integration/test_a.py::test_daemon (call)",
    ]
    result.stdout.fnmatch_lines(["E*Leak: LEAK: tests/integration/test_a.py::test_child left 1 running behind"])
    pids = [int(pid) for pid, _ in told]
    wait_until(lambda: not any(map(processes.start_time, pids)), seconds=5, what="the end of what was left")


def test_what_is_meant_to_stay_is_no_leak(write: Write, run: Run) -> None:
    """A process of a wider fixture, of a stack, one that a mark or a setting allows, and Python's own."""
    source = f"""{SLEEPING}
    @pytest.fixture(scope="session")
    def server():
        process = sleeping()
        yield process
        process.kill()
        process.wait()

    def test_of_a_fixture(server, test_stacks):
        test_stacks.start(stack())

    @pytest.mark.may_leave("time.sleep")
    def test_marked():
        sleeping()

    def test_ended_by_another():
        LEFT[-1].kill()
        LEFT[-1].wait()

    def test_allowed_by_a_setting():
        LEFT.append(subprocess.Popen(["/bin/sleep", "0.2"]))

    def test_of_python():
        multiprocessing.get_context("spawn").Semaphore()

    def test_last():
        LEFT[-1].wait()
    """
    write("integration/test_a.py", source)

    run("-o", "ziggurat_may_leave=^/bin/sleep").assert_outcomes(passed=6)


def test_what_a_wider_fixtures_own_process_starts_is_no_leak(write: Write, run: Run) -> None:
    """A server that starts a worker when it is first asked does so in some test."""
    source = """
        import subprocess, sys
        import pytest
        from stacks import PROGRAMS

        @pytest.fixture(scope="session")
        def server():
            pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            with subprocess.Popen([sys.executable, PROGRAMS / "start_workers.py"], **pipes) as process:
                yield process

        def test_before(server):
            pass

        def test_asks_first(server):
            server.stdin.write("go\\n")
            server.stdin.flush()
            assert int(server.stdout.readline())

        def test_after(server):
            pass
    """
    write("integration/test_a.py", source)

    run().assert_outcomes(passed=3)


def test_a_mark_that_names_another_command_allows_nothing(write: Write, run: Run) -> None:
    """It is no licence for whatever comes."""
    source = f"""{SLEEPING}
    @pytest.mark.may_leave("^/usr/bin/ssh-agent")
    def test_marked():
        sleeping()
    """
    write("integration/test_a.py", source)

    run().assert_outcomes(passed=1, errors=1)


def test_a_setting_that_is_no_regular_expression_is_a_usage_error(write: Write, run: Run) -> None:
    """Before anything is collected, also where no test may start processes."""
    write("unit/test_a.py", "def test_it(): pass")
    result = run("-o", "ziggurat_may_leave=(")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: ziggurat_may_leave: '(' is no regular expression: missing ), *"])


@pytest.mark.parametrize("words", [(), ("-n1",)], ids=["alone", "with a worker"])
def test_a_mark_that_is_no_regular_expression_is_an_error_of_collection(
    write: Write, run: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """No test is run, wherever the mark stands."""
    monkeypatch.setenv("PYTEST_PLUGINS", "ziggurat.pytest_plugin,xdist")
    source = """
        import pytest

        def test_fine(): pass

        @pytest.mark.parametrize("number", [pytest.param(1, marks=pytest.mark.may_leave("fine", "("))])
        def test_expression(number): pass
    """
    write("integration/test_a.py", source)
    source = """
        import pytest

        class TestThese:
            @pytest.mark.may_leave(5)
            def test_number(self): pass
    """
    write("integration/test_b.py", source)
    result = run(*words)

    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(
        [
            "*::test_expression[[]1[]]: may_leave: '(' is no regular expression: missing ), *",
            "*::test_number: may_leave: 5 is no regular expression but int",
        ]
    )
