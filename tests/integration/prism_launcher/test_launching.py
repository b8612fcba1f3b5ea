"""Launching by hand: a process is started or found, and whatever stands against that is said at once."""

from __future__ import annotations

import shutil
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import grpc
import pytest

from prism.launcher.launcher_pb2 import (
    ISOLATION_NONE,
    ISOLATION_SESSION,
    STATE_FAILED,
    STATE_RUNNING,
    STATE_STARTING,
    GetProcessStatusRequest,
    HealthRequest,
    ListPatternsRequest,
)
from ziggurat import wait_until
from ziggurat.keeper import processes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.prism_launcher.conftest import Launcher, Patterns

AT_ONCE = 5.0
"""Seconds. What waits for nothing answers in milliseconds; a busy machine gets patience."""


def test_a_launched_process_is_up_with_its_address(launcher: Launcher) -> None:
    """The answer comes once it has been heard of, and it was handed its configuration and nobody else's."""
    answer = launcher.launch(config={"max_keys": "7"})
    info = launcher.processes()["ns:orders:speaker"]

    assert (answer.process_id, answer.state) == ("ns:orders:speaker", STATE_RUNNING)
    assert (answer.healthy, answer.error) == (True, "")
    assert answer.address == info.address
    assert info.pid == launcher.at_keeper()["ns:orders:speaker"]
    assert (info.restart_count, info.error_count, info.last_error) == (0, 0, "")
    launcher.log_of().wait_for(r"greeted orders \{'backend_config': \{'max_keys': '7'\}\}")


def test_a_process_that_runs_is_found(launcher: Launcher) -> None:
    """A second launch is answered with the first one's process, whatever the first was configured with."""
    first = launcher.launch(config={"max_keys": "7"})
    pid = launcher.processes()["ns:orders:speaker"].pid

    assert launcher.launch() == first
    assert launcher.launch(config={"max_keys": "7"}) == first
    assert launcher.processes()["ns:orders:speaker"].pid == pid


def test_another_configuration_is_refused_for_a_process_that_runs(launcher: Launcher) -> None:
    """It would have to be ended first, which is said."""
    launcher.launch()
    with pytest.raises(grpc.RpcError) as refused:
        launcher.launch(config={"max_keys": "7"})

    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert "terminate it first" in (refused.value.details() or "")


def test_callers_at_the_same_time_get_one_process(launcher: Launcher) -> None:
    """However many there are, and whether people or the admin ask."""
    with ThreadPoolExecutor(8) as pool:
        launches = [pool.submit(launcher.launch) for _ in range(4)]
        assignments = [pool.submit(launcher.assign, 7, "bills") for _ in range(4)]
        answers = [each.result() for each in launches]

    assert {answer.address for answer in answers} == {launcher.processes()["ns:orders:speaker"].address}
    assert all(each.result().success for each in assignments)
    assert set(launcher.at_keeper()) == {"ns:orders:speaker", "ns:bills:speaker"}


def test_namespaces_and_patterns_never_share_a_process(launcher: Launcher) -> None:
    """One for each namespace and pattern; one for all namespaces where that is asked for."""
    launcher.launch(namespace="orders")
    launcher.launch(namespace="bills")
    launcher.launch(namespace="orders", pattern="other")
    shared = {launcher.launch(namespace=name, isolation=ISOLATION_NONE).address for name in ("orders", "bills", "")}

    listed = launcher.processes()
    assert set(listed) == {"ns:orders:speaker", "ns:bills:speaker", "ns:orders:other", "shared:speaker"}
    assert len({each.pid for each in listed.values()}) == 4
    assert shared == {listed["shared:speaker"].address}
    launcher.log_of("shared:speaker").wait_for(r"greeted \*")
    launcher.log_of("ns:bills:speaker").wait_for("greeted bills")


def test_a_process_for_each_session_is_not_built_yet(launcher: Launcher) -> None:
    """The answer says so, and what to use instead."""
    with pytest.raises(grpc.RpcError) as refused:
        launcher.launch(isolation=ISOLATION_SESSION, session_id="s1")

    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert "use namespace or none" in (refused.value.details() or "")


def test_people_see_processes_by_pattern_namespace_and_state(launcher: Launcher) -> None:
    """And the counts of all of them."""
    launcher.launch(namespace="orders")
    launcher.launch(namespace="bills", isolation=ISOLATION_NONE)
    launcher.set_off("mute", namespace="orders")

    def ids(**fields: object) -> set[str]:
        listed = launcher.people.ListPatterns(ListPatternsRequest(**fields))  # type: ignore[arg-type]
        assert listed.total_count == len(listed.patterns)
        return {each.process_id for each in listed.patterns}

    assert ids(pattern_name="speaker") == {"ns:orders:speaker", "shared:speaker"}
    assert ids(namespace="orders") == {"ns:orders:speaker", "ns:orders:mute"}
    assert ids(state=STATE_STARTING) == {"ns:orders:mute"}
    health = launcher.people.Health(HealthRequest(include_processes=True))
    assert (health.healthy, health.total_processes, health.running_processes) == (True, 3, 2)
    assert dict(health.isolation_distribution) == {"namespace": 2, "none": 1}
    assert {each.process_id for each in health.processes} == ids()
    asked = GetProcessStatusRequest(process_id="ns:orders:speaker")
    assert launcher.people.GetProcessStatus(asked).process.pid == launcher.at_keeper()["ns:orders:speaker"]
    asked = GetProcessStatusRequest(process_id="ns:nowhere:speaker")
    assert launcher.people.GetProcessStatus(asked).not_found


def test_a_caller_waits_no_longer_than_its_deadline(launcher: Launcher) -> None:
    """It hears that the process is still starting, which goes on; there is one deadline, the caller's."""
    began = time.monotonic()
    answer = launcher.launch("mute", timeout=3)

    assert time.monotonic() - began < 3
    assert (answer.state, answer.healthy, answer.error) == (STATE_STARTING, False, "it is still starting")
    assert launcher.processes()["ns:orders:mute"].pid


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "program").unlink(), "there is no program ./program"),
        (lambda folder: (folder / "program").chmod(0o644), "is not executable"),
        (lambda folder: (folder / "program").write_text("#!/no/such/interpreter\n"), "No such file"),
        (shutil.rmtree, "there is no program ./program"),
    ],
    ids=["missing", "not executable", "without interpreter", "folder gone"],
)
def test_a_program_that_cannot_be_started_is_named_at_once(
    launcher: Launcher, spoil: Callable[..., object], said: str
) -> None:
    """With its path; and nothing is left of the attempt."""
    folder = launcher.patterns.add_script("spoilt", "exec sleep 600")
    spoil(folder)
    began = time.monotonic()
    answer = launcher.launch("spoilt")

    assert time.monotonic() - began < AT_ONCE
    assert (answer.state, answer.healthy) == (STATE_FAILED, False)
    assert said in answer.error
    assert str(folder) in answer.error
    assert (launcher.processes(), launcher.at_keeper()) == ({}, {})


def test_a_port_that_is_taken_is_named_with_its_owner(launcher: Launcher) -> None:
    """In no time, and nothing is left of the attempt."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        began = time.monotonic()
        answer = launcher.launch(config={"port": str(port)})

    assert time.monotonic() - began < AT_ONCE
    assert (answer.state, answer.healthy) == (STATE_FAILED, False)
    assert f"127.0.0.1:{port} is in use by pid " in answer.error
    assert processes.command(int(answer.error.partition("pid ")[2].partition(" ")[0])).startswith(sys.executable)
    assert (launcher.processes(), launcher.at_keeper()) == ({}, {})
    assert launcher.launch(config={"port": str(port)}).address == f"127.0.0.1:{port}"


def test_no_more_processes_are_started_than_there_may_be(start_launcher: Callable[..., Launcher]) -> None:
    """One that is there already can be launched; one that ended makes room."""
    launcher = start_launcher("--max-processes", "1")
    launcher.launch()
    with pytest.raises(grpc.RpcError) as refused:
        launcher.launch(namespace="bills")

    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "max_processes" in (refused.value.details() or "")
    assert launcher.launch().healthy
    launcher.terminate()
    assert launcher.launch(namespace="bills").healthy


def test_a_manifest_that_is_wrong_leaves_the_other_patterns(
    start_launcher: Callable[..., Launcher], patterns: Patterns
) -> None:
    """It is reported with its file and field, and its pattern is unknown."""
    folder = patterns.add("broken", "./program", more="colour = 'red'")
    launcher = start_launcher()

    launcher.log.wait_for(rf"{folder}/manifest.toml: colour: is unknown")
    with pytest.raises(grpc.RpcError) as refused:
        launcher.launch("broken")
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    assert launcher.launch().healthy


def test_limits_of_a_manifest_hold_for_its_process(launcher: Launcher) -> None:
    """Which keeps the pid that the launcher knows."""
    assert launcher.launch("limited").healthy
    pid = launcher.processes()["ns:orders:limited"].pid

    with open(f"/proc/{pid}/limits") as limits:  # noqa: PTH123 - a file of the kernel's
        assert any(line.split()[:5] == ["Max", "open", "files", "123", "123"] for line in limits)


def test_a_process_that_is_not_well_is_up_and_not_healthy(launcher: Launcher) -> None:
    """With what it says of itself."""
    answer = launcher.launch("ailing")

    assert (answer.state, answer.healthy, answer.error) == (STATE_RUNNING, False, "as I was told")
    info = launcher.processes()["ns:orders:ailing"]
    assert (info.healthy, info.last_error) == (False, "as I was told")
    wait_until(lambda: launcher.processes()["ns:orders:ailing"].uptime_seconds, seconds=10, what="an uptime")
