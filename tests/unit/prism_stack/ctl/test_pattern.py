"""The launcher's processes from the command line."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.unit.prism_stack.ctl.conftest import LAUNCHER, failed

from prism.launcher.launcher_pb2 import (
    ISOLATION_NAMESPACE,
    ISOLATION_NONE,
    STATE_FAILED,
    STATE_RUNNING,
    LaunchResponse,
    PatternInfo,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.prism_stack.ctl.conftest import FakeWorld, Type

BREAKER = "the breaker is open after 5 failures; the last: exit code 3 after 0.1 s: " + "no room left " * 10
ORDERS = "ns:orders:keyvalue"


@pytest.fixture
def broken(fakes: FakeWorld) -> PatternInfo:
    """A process whose breaker is open."""
    process = PatternInfo(
        pattern_name="keyvalue",
        process_id=ORDERS,
        namespace="orders",
        state=STATE_FAILED,
        error_count=5,
        restart_count=4,
        last_error=BREAKER,
    )
    fakes.control.processes.append(process)
    return process


@pytest.mark.usefixtures("broken")
def test_processes_are_listed_with_why_they_failed_last(prismctl: Type) -> None:
    """State, pid, restarts, errors; the breaker's reason stands below, within 100 columns."""
    lines = prismctl("pattern", "list").out.splitlines()

    assert [line.split() for line in lines[:3]] == [
        ["PROCESS", "STATE", "PID", "UPTIME", "RESTARTS", "ERRORS", "ADDRESS"],
        ["ns:default:keyvalue", "running", "4711", "1h1m", "0", "0", "127.0.0.1:9095"],
        [ORDERS, "failed", "-", "0s", "4", "5", "-"],
    ]
    assert lines[3].startswith(f"! {ORDERS}: the breaker is open after 5 failures")
    assert max(map(len, lines)) <= 100


def test_a_process_that_runs_and_is_not_well_is_told_so(prismctl: Type, fakes: FakeWorld) -> None:
    """Beside its state."""
    fakes.control.processes[0].healthy = False

    assert "running (unhealthy)" in prismctl("pattern", "list").out


@pytest.mark.usefixtures("broken")
def test_the_fields_of_a_process_stay(prismctl: Type) -> None:
    """Programs rely on them."""
    assert prismctl("pattern", "list", "--json").document["patterns"][1] == {
        "process_id": ORDERS,
        "pattern_name": "keyvalue",
        "namespace": "orders",
        "state": "failed",
        "healthy": False,
        "pid": 0,
        "uptime_seconds": 0,
        "restart_count": 4,
        "error_count": 5,
        "last_error": BREAKER,
        "address": "",
    }


def test_a_list_is_narrowed_by_the_launcher(prismctl: Type, fakes: FakeWorld) -> None:
    """By pattern, namespace and state."""
    prismctl("pattern", "list", "keyvalue", "-n", "orders", "--state", "failed")

    assert fakes.control.asked("list_patterns") == {"pattern": "keyvalue", "namespace": "orders", "state": STATE_FAILED}
    assert fakes.asked == [LAUNCHER]


def test_a_launch_says_where_the_process_serves(prismctl: Type, fakes: FakeWorld, tmp_path: Path) -> None:
    """Settings come by option and by file."""
    fakes.control.launch = LaunchResponse(process_id=ORDERS, state=STATE_RUNNING, healthy=True, address="127.0.0.1:1")
    (tmp_path / "settings").write_text("password=s3cret\n")
    words = ("keyvalue", "-n", "orders", "--set", "max_keys=5", "--settings-file", str(tmp_path / "settings"))

    assert prismctl("pattern", "launch", *words).out == f"{ORDERS} is running at 127.0.0.1:1\n"
    assert fakes.control.asked("launch_pattern") == {
        "pattern": "keyvalue",
        "namespace": "orders",
        "isolation": ISOLATION_NAMESPACE,
        "config": {"max_keys": "5", "password": "s3cret"},
    }


def test_a_process_that_all_share_needs_no_namespace(prismctl: Type, fakes: FakeWorld) -> None:
    """One that a namespace has to itself does."""
    fakes.control.launch = LaunchResponse(process_id="shared:keyvalue", state=STATE_RUNNING, healthy=True)
    done = prismctl("pattern", "launch", "keyvalue", "--isolation", "none", "--json")

    assert fakes.control.asked("launch_pattern")["isolation"] == ISOLATION_NONE
    assert done.document["process_id"] == "shared:keyvalue"
    assert "-n NAMESPACE is missing" in prismctl("pattern", "launch", "keyvalue").err


def test_a_launch_that_failed_is_exit_code_1_and_says_why(prismctl: Type, fakes: FakeWorld) -> None:
    """The answer came, and says that the process is not healthy."""
    fakes.control.launch = LaunchResponse(process_id=ORDERS, state=STATE_FAILED, error=BREAKER)
    done = prismctl("pattern", "launch", "keyvalue", "-n", "orders")

    assert (done.code, done.raw) == (1, b"")
    assert f"{ORDERS} is failed: the breaker is open" in done.err
    assert done.err.endswith("; see: prismctl pattern list\n")


def test_a_process_is_terminated_as_it_was_asked_for(prismctl: Type, fakes: FakeWorld) -> None:
    """With a grace, or by force."""
    assert prismctl("pattern", "terminate", ORDERS, "--grace", "3s").out == f"{ORDERS} is gone\n"
    assert fakes.control.asked("terminate_pattern")["grace"] == timedelta(seconds=3)

    assert prismctl("pattern", "terminate", ORDERS, "--force", "--json").document == {"process_id": ORDERS}
    assert fakes.control.asked("terminate_pattern")["force"]


ENDINGS = {
    ("launch", "Launch", "NOT_FOUND"): "prismctl local logs",
    ("terminate", "Terminate", "NOT_FOUND"): "prismctl pattern list",
}


@pytest.mark.parametrize("ending", ENDINGS, ids="-".join)
def test_an_unknown_name_says_where_the_known_ones_are(
    prismctl: Type, fakes: FakeWorld, ending: tuple[str, str, str]
) -> None:
    """Exit code 1: everything worked, and there is no such thing."""
    command, method, status = ending
    fakes.control.failure = failed(method, status)
    done = prismctl("pattern", command, "x", *(("-n", "orders") if command == "launch" else ()))

    assert done.code == 1
    assert done.err.rstrip().endswith(ENDINGS[ending])
