"""`proxy-integration-runner`, typed as a person types it."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from prism_stack import integration_runner
from prism_stack.integration_runner import check, tell_logs
from ziggurat import wait_until
from ziggurat.keeper import processes

if TYPE_CHECKING:
    from tests.integration.prism_stack.conftest import Typed

    from ziggurat import RunningStack

COMMAND = "proxy-integration-runner"
LAST_LINES = """\
Test 1: Set key - ✅ Set operation succeeded
Test 2: Get key - ✅ Get operation succeeded, value matches
Test 3: Check key exists - ✅ Exists operation succeeded
Test 4: Delete key - ✅ Delete operation succeeded
Test 5: Verify key deleted - ✅ Key no longer exists
Test 6: Get non-existent key - ✅ Non-existent key returns not found
✅ All integration tests passed!
"""


def test_its_output_ends_with_the_six_checks(typed: Typed) -> None:
    """All six pass, and nothing of the run is left."""
    said = typed.run(COMMAND, "--no-build").stdout

    assert said.endswith(LAST_LINES)
    assert runs_left(typed) == []


def test_it_checks_a_running_proxy_instead(typed: Typed, spawned_prism: RunningStack) -> None:
    """Nothing is started: the lines of the checks are all that it says."""
    assert typed.run(COMMAND, "--proxy", spawned_prism.address("proxy.data")).stdout == LAST_LINES


def test_a_failing_check_says_what_was_expected_and_what_came(typed: Typed) -> None:
    """Against a port where nobody listens every check fails, and the exit code is 1."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        said = typed.run(COMMAND, "--proxy", f"127.0.0.1:{holder.getsockname()[1]}", code=1).stdout

    assert "Test 1: Set key - ❌ expected the value to be stored, got " in said
    assert "6 of 6 integration tests failed" in said


@pytest.mark.parametrize("address", ["nowhere", ""])
def test_an_address_that_is_none_is_an_error_of_one_line(typed: Typed, address: str) -> None:
    """It says what was wrong with it; an empty one, of a variable that nobody set, starts no stack instead."""
    said = typed.run(COMMAND, "--proxy", address, code=1)

    assert said.stderr == f"❌ {address!r} is not HOST:PORT\n"
    assert said.stdout == ""


def test_sigterm_and_interrupt_leave_nothing(typed: Typed) -> None:
    """In a run that cannot end by itself, for its proxy stands still, they end it with exit code 1."""
    for number in (signal.SIGTERM, signal.SIGINT):
        process = typed.begin(COMMAND, "--no-build")
        proxies = wait_until(lambda: proxies_of(typed), seconds=10, what="a proxy")
        os.kill(proxies[0], signal.SIGSTOP)
        process.send_signal(number)
        process.communicate(timeout=10)

        assert process.returncode == 1
        assert wait_until(lambda: runs_left(typed) == [], seconds=2, what="the end of the run")


def test_a_failing_check_is_followed_by_the_last_lines_of_both_programs(
    spawned_prism: RunningStack, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each program's lines stand under its name."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        code = check(f"127.0.0.1:{holder.getsockname()[1]}", tell_more=lambda: tell_logs(spawned_prism))

    said = capsys.readouterr().out
    assert code == 1
    for name in ("proxy", "runner"):
        lines = spawned_prism[name].log.tail(integration_runner.LAST_LINES)
        assert "".join(f"  | {line}\n" for line in lines) in said.partition(f"{name}, last lines of its log:\n")[2]


def runs_left(typed: Typed) -> list[str]:
    """Return the runs, and the tagged processes, that are left in a test's own world."""
    base = Path(typed.environment["XDG_RUNTIME_DIR"]) / "ziggurat"
    folders = [path.name for path in base.glob("*") if (path / "run").is_file()] if base.is_dir() else []
    return [*folders, *map(processes.command, tagged(typed))]


def proxies_of(typed: Typed) -> list[int]:
    """Return the proxies that run in a test's own world."""
    return [pid for pid in tagged(typed) if "--control-listen" in processes.command(pid)]


def tagged(typed: Typed) -> list[int]:
    """Return the processes of any run in a test's own world."""
    return [
        pid
        for pid in processes.every_pid()
        if processes.environment(pid).get("XDG_RUNTIME_DIR") == typed.environment["XDG_RUNTIME_DIR"]
        and processes.RUN_VARIABLE in processes.environment(pid)
    ]
