"""What a program is started through where something must be so before its first instruction."""

from __future__ import annotations

import os

import pytest

from ziggurat.keeper import shim


@pytest.mark.parametrize("limits", [None, {}, {"open_files": None, "memory": None}])
def test_a_service_without_limits_has_nothing_in_between(limits: dict[str, int | None] | None) -> None:
    """Its command is started as it stands."""
    assert shim.wrapped(["/bin/web", "a"], limits, listens=False) == ["/bin/web", "a"]


def test_limits_are_set_by_the_process_that_becomes_the_program() -> None:
    """Words need no quotes: they are arguments of the shell, not its text."""
    words = shim.wrapped(["/bin/web", "a b", "$HOME"], {"open_files": 64, "memory": 1 << 20}, listens=False)

    assert words[:2] == [shim.SHELL, "-c"]
    assert words[2] == 'ulimit -n 64 && ulimit -d 1024 && exec "$0" "$@"'
    assert words[3:] == ["/bin/web", "a b", "$HOME"]


def test_a_program_with_listeners_is_told_that_they_are_its_own() -> None:
    """By the number of the process that it becomes."""
    assert shim.wrapped(["/bin/web"], None, listens=True)[2] == 'export LISTEN_PID=$$ && exec "$0" "$@"'


def test_this_process_is_no_shell_on_its_way() -> None:
    """Nor is one that is gone."""
    assert not shim.still_runs(os.getpid(), "/bin/web")
    assert not shim.still_runs(0, "/bin/web")
