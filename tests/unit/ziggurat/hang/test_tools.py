"""Debuggers that are not there, or not permitted."""

import os
from pathlib import Path

import pytest

from ziggurat.hang import tools


def test_a_debugger_that_is_not_installed_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing is started."""
    monkeypatch.setenv("PATH", str(tmp_path))

    assert tools.stacks(tools.GDB, 1, 1.0).problem == "it is not installed"


def test_why_it_is_not_permitted_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With the kernel's setting, which is the usual reason."""
    scope = tmp_path / "ptrace_scope"
    scope.write_text("1\n")
    monkeypatch.setattr(tools, "PTRACE_SCOPE", scope)

    assert tools._forbidden("ptrace: Operation not permitted.") == (
        "it is not permitted (kernel.yama.ptrace_scope is 1)"
    )
    assert tools._forbidden("#0 main ()") == ""


def test_this_process_is_pythons() -> None:
    """So py-spy reads it; whatever else is gdb's."""
    assert tools.tool_for(os.getpid()) is tools.PY_SPY
    assert tools.tool_for(2**22 + 1) is tools.GDB
