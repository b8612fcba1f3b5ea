"""Fixtures that give stacks: how long they live, and what a failing test tells of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Write = Callable[[str, str], Path]
    Run = Callable[..., pytest.RunResult]


def test_stacks_live_as_long_as_their_scope(write: Write, run: Run) -> None:
    """A session, a module or a test."""
    conftest = """
        import pytest
        from stacks import stack

        PIDS = {"session": set(), "module": set(), "test": set()}

        @pytest.fixture(scope="session")
        def of_session(session_stacks):
            return session_stacks.start(stack(name="session"))

        @pytest.fixture(scope="module")
        def of_module(module_stacks):
            return module_stacks.start(stack(name="module"))

        @pytest.fixture
        def of_test(test_stacks):
            return test_stacks.start(stack(name="test"))

        @pytest.fixture
        def pids(of_session, of_module, of_test):
            for name, running in (("session", of_session), ("module", of_module), ("test", of_test)):
                PIDS[name].add(running["web"].pid)
            return {name: len(found) for name, found in PIDS.items()}
    """
    write("conftest.py", conftest)
    write(
        "integration/test_a.py",
        """
        def test_first(pids):
            assert pids == {"session": 1, "module": 1, "test": 1}

        def test_second(pids):
            assert pids == {"session": 1, "module": 1, "test": 2}
        """,
    )
    write(
        "integration/test_b.py",
        """
        def test_third(pids):
            assert pids == {"session": 1, "module": 2, "test": 3}
        """,
    )

    run().assert_outcomes(passed=3)


def test_a_failed_start_is_reported_with_the_last_lines(write: Write, run: Run) -> None:
    """As an error of the test that asked for the stack."""
    source = """
        from stacks import stack

        def test_it(test_stacks):
            test_stacks.start(stack("exit_at_once", "64", "bad flag: --speed"))
    """
    write("integration/test_a.py", source)
    result = run()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["E*ServiceExited: web exited with code 64 while it was starting", "E*| bad flag: --speed"]
    )


@pytest.mark.usefixtures("asking")
def test_a_passing_run_is_quiet(write: Write, run: Run) -> None:
    """Nothing of keepers and services in its output."""
    write("integration/test_a.py", "def test_it(ask):\n    ask('x')")
    result = run("-s")

    result.assert_outcomes(passed=1)
    assert result.stderr.str() == ""
    result.stdout.no_fnmatch_line("*asked*")


@pytest.mark.usefixtures("asking")
def test_logs_are_kept_with_the_run(write: Write, run: Run, project: pytest.Pytester) -> None:
    """Below pytest's temporary folder."""
    write("integration/test_a.py", "def test_it(ask):\n    ask('x')")
    run()

    (log,) = {path.resolve() for path in project.path.rglob("stack-logs*/*.log")}
    assert "asked: x" in log.read_text()


def test_a_stack_that_would_not_stop_fails_the_last_test(write: Write, run: Run) -> None:
    """A killed keeper is no secret."""
    source = """
        import os, signal
        from stacks import stack

        def test_it(test_stacks, keeper):
            test_stacks.start(stack())
            os.kill(keeper.about_keeper["pid"], signal.SIGKILL)
    """
    write("integration/test_a.py", source)
    result = run()

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*KeeperLost: the keeper is gone, and with it every service of the run"])


@pytest.mark.usefixtures("asking")
def test_stacks_work_in_several_workers(write: Write, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each worker has what it asks for."""
    monkeypatch.setenv("PYTEST_PLUGINS", "ziggurat.pytest_plugin,xdist")
    write("unit/test_u.py", "def test_it(): pass")
    source = """
        import pytest

        @pytest.mark.parametrize("number", range(8))
        def test_it(ask, number):
            ask(str(number))
    """
    write("integration/test_a.py", source)
    write("behaviour/test_b.py", "import pytest\n@pytest.mark.tiers('unit', 'integration')\ndef test_it(tier): pass")

    run("-n", "2").assert_outcomes(passed=11)


def test_a_mark_may_name_no_run_stack_where_none_is_declared(write: Write, run: Run) -> None:
    """Who believes to be alone would not be; a mark without names asks for nothing, and so does a skipped test."""
    source = """
        import pytest

        @pytest.mark.exclusive("shop")
        def test_alone(): pass

        @pytest.mark.shared("shop", "bank")
        def test_shared(): pass

        @pytest.mark.exclusive
        def test_whatever_it_uses(): pass

        @pytest.mark.skip
        @pytest.mark.exclusive("shop")
        def test_skipped(): pass
    """
    write("integration/test_a.py", source)
    result = run()

    result.assert_outcomes(passed=1, errors=2, skipped=1)
    result.stdout.fnmatch_lines(["there is no run stack 'shop'; there is none", "there is no run stack 'bank'; *"])
