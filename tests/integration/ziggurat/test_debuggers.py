"""What the debuggers that are installed tell of programs that run."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from ziggurat import Notify, Service, Stack, start
from ziggurat.hang import tools
from ziggurat.hang.tools import GDB, PY_SPY, Tool

from .conftest import PROGRAMS

if TYPE_CHECKING:
    from ziggurat import Lease

PATIENCE = 30.0
SLEEPS = Service(name="native", command=("sleep", "60"))
DEADLOCKS = Service(
    name="web",
    command=(sys.executable, PROGRAMS / "tell_on_sigquit.py"),
    ready=Notify(),
)


@pytest.fixture
def told_by(lease: Lease) -> Callable[[Tool, Service], list[str]]:
    """Gives what a debugger tells of a service; where it is not installed the test is skipped, and in CI fails."""

    def told(tool: Tool, service: Service) -> list[str]:
        if shutil.which(tool.name) is None:
            reason = f"{tool.name} is not installed"
            if os.environ.get("CI") == "true":
                pytest.fail(f"{reason}, and in CI it has to be", pytrace=False)
            pytest.skip(reason)
        with start(Stack(name="looked-at", services=(service,)), lease=lease) as stack:
            pid = stack[service.name].pid
            assert tools.tool_for(pid) is tool
            part = tools.stacks(tool, pid, PATIENCE)
        if part.problem.startswith("it is not permitted"):
            pytest.skip(f"{tool.name}: {part.problem}")
        assert part.problem == ""
        return list(part.lines)

    return told


def test_gdb_tells_where_a_native_program_waits(told_by: Callable[[Tool, Service], list[str]]) -> None:
    """Its threads, each with its frames."""
    lines = told_by(GDB, SLEEPS)

    assert any(line.startswith("#0 ") for line in lines)
    assert any("nanosleep" in line for line in lines)


def test_py_spy_tells_where_a_python_program_waits(told_by: Callable[[Tool, Service], list[str]]) -> None:
    """By file and line, without stopping it."""
    lines = told_by(PY_SPY, DEADLOCKS)

    assert any("tell_on_sigquit.py" in line for line in lines)
