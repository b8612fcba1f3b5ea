"""The gate before e2e tests."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ziggurat.keeper.build_id import read_build_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Write = Callable[[str, str], Path]
    Run = Callable[..., pytest.RunResult]

GATE = """
from ziggurat import Gate, attach, start_detached, wait_until
from ziggurat.gate import unfit
from stacks import stack

def wait_unfit(service):
    wait_until(lambda: unfit(service), seconds=2, what="the service to be unfit")

def gate():
    return Gate(stack=stack(name="local"), start="up now", stop="down now")
"""
SLEEPS = """
from ziggurat import Service, Stack

def stack(name):
    return Stack(name=name, services=(Service(name="web", command=("{program}", "60"), stop=()),))
"""
TESTS = """
    def test_first(running_stack):
        assert running_stack["web"].facts()["state"] == "running"

    def test_second(running_stack):
        assert running_stack.address("web.http")
"""


@pytest.fixture
def gated(project: pytest.Pytester, write: Write) -> pytest.Pytester:
    """A project with a gate and two tests behind it."""
    settings = project.path / "pyproject.toml"
    settings.write_text(settings.read_text() + 'ziggurat_gate = "gates:gate"\n')
    (project.path / "gates.py").write_text(GATE)
    write("e2e/test_a.py", TESTS)
    return project


def do(project: pytest.Pytester, statement: str) -> None:
    """Run a statement with the project's modules at hand."""
    code = f"import os, signal; from gates import *; {statement}"
    subprocess.run([sys.executable, "-c", code], cwd=project.path, check=True, timeout=30)


@pytest.fixture
def up(gated: pytest.Pytester) -> Iterator[pytest.Pytester]:
    """The project with its stack running; stopped after the test where it still is."""
    do(gated, "start_detached(stack(name='local')).lease.close()")
    yield gated
    do(gated, "running = attach(stack(name='local')); running and running.stop()")


@pytest.mark.usefixtures("gated")
def test_without_a_stack_tests_are_skipped_with_one_line(run: Run) -> None:
    """Which names the command that starts it."""
    result = run()

    result.assert_outcomes(skipped=2)
    result.stdout.fnmatch_lines(["SKIPPED [[]2[]]*: no local stack is running; start one with: up now"])


@pytest.mark.usefixtures("gated")
def test_without_a_stack_required_tests_fail(run: Run) -> None:
    """With the same words."""
    result = run("--e2e=require")

    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["no local stack is running; start one with: up now"])


@pytest.mark.usefixtures("up")
@pytest.mark.parametrize("words", [(), ("--e2e=require",), ("--tier", "e2e")])
def test_with_a_stack_they_run_on_it(run: Run, words: tuple[str, ...]) -> None:
    """And leave it running."""
    run(*words).assert_outcomes(passed=2)
    run(*words).assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("os.kill(running['web'].pid, signal.SIGKILL)", "web is exited"),
        ("running['web'].pause()", "web stands still (SIGSTOP)"),
    ],
)
def test_a_stack_that_is_not_fit_is_told_of(up: pytest.Pytester, run: Run, statement: str, reason: str) -> None:
    """With the commands that mend it."""
    do(up, f"running = attach(stack(name='local')); {statement}; wait_unfit(running['web']); running.lease.close()")
    result = run()

    result.assert_outcomes(skipped=2)
    result.stdout.fnmatch_lines(
        [f"SKIPPED*: the local stack is not fit: {reason}; restart it with: down now && up now"]
    )


def test_another_build_than_the_present_one_is_told_of(gated: pytest.Pytester, run: Run) -> None:
    """By the ids of the program that runs and of the program as it is now."""
    program = gated.path / "program"
    (gated.path / "stacks.py").write_text(SLEEPS.format(program=program))
    program.write_bytes(_built(b"first"))
    program.chmod(0o755)
    do(gated, "start_detached(stack(name='local')).lease.close()")
    program.unlink()
    program.write_bytes(_built(b"other"))
    result = run()

    do(gated, "attach(stack(name='local')).stop()")
    result.assert_outcomes(skipped=2)
    first, other = _id(b"first"), _id(b"other")
    result.stdout.fnmatch_lines([f"SKIPPED*: web runs build {first}, but {other} is built now; restart*"])


def _id(salt: bytes) -> str:
    return salt.hex().ljust(12, "0")[:12]


def _built(salt: bytes) -> bytes:
    """Return the system's sleep with another build id."""
    sleep = shutil.which("sleep")
    assert sleep is not None
    return Path(sleep).read_bytes().replace(bytes.fromhex(read_build_id(sleep)), salt.ljust(20, b"\0"))


def test_a_gate_that_is_none_is_an_error(gated: pytest.Pytester, run: Run) -> None:
    """With the setting."""
    (gated.path / "gates.py").write_text("gate = 5\n")
    result = run()

    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*SpecError: ziggurat_gate = gates:gate: it is no Gate but int"])


def test_without_a_gate_e2e_tests_are_skipped(write: Write, run: Run) -> None:
    """A project need not have any."""
    write("e2e/test_a.py", TESTS)
    result = run()

    result.assert_outcomes(skipped=2)
    result.stdout.fnmatch_lines(["SKIPPED*no ziggurat_gate is set*"])
