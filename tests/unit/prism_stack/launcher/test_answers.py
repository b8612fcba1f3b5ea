"""Answers: what is told of a process."""

from __future__ import annotations

from tests.unit.prism_stack.launcher.conftest import ID, process_of, wish_of

from prism.launcher import launcher_pb2 as wire
from prism.launcher.launcher_control_pb2 import ProxyEndpoint
from prism_stack.launcher import answers
from prism_stack.launcher.life import Stage
from prism_stack.launcher.resources import Usage
from prism_stack.launcher.wish import Proxy


def test_every_stage_has_its_state_and_its_word() -> None:
    """Those of the contract; a process that waits for its restart is starting."""
    assert {stage: wire.ProcessState.Name(answers.STATES[stage]) for stage in Stage} == {
        Stage.STARTING: "STATE_STARTING",
        Stage.RUNNING: "STATE_RUNNING",
        Stage.WAITING: "STATE_STARTING",
        Stage.FAILED: "STATE_FAILED",
        Stage.TERMINATING: "STATE_TERMINATING",
    }
    assert set(answers.WORDS.values()) == {"starting", "running", "failed", "stopping"}
    assert set(answers.WORDS) == set(Stage)


def test_people_are_told_what_is_true_of_a_process() -> None:
    """Every field, and nothing of its token."""
    process = process_of(
        Stage.RUNNING, errors=4, restarts=3, last_error="x", is_healthy=True, spawned_at=90.0, data_endpoint="h:1"
    )
    info = answers.pattern_info(process, "127.0.0.1", 100.9)

    assert info == wire.PatternInfo(
        pattern_name="keyvalue",
        process_id=ID,
        state=wire.STATE_RUNNING,
        address="h:1",
        healthy=True,
        uptime_seconds=10,
        namespace="orders",
        last_error="x",
        error_count=4,
        restart_count=3,
        pid=100,
    )


def test_the_admin_is_told_what_is_true_of_a_process() -> None:
    """Every field; an error no longer than it takes."""
    process = process_of(Stage.FAILED, errors=5, restarts=4, last_error="x" * 9999, spawned_at=1.0)
    health = answers.process_health(process, Usage(memory_mb=7, cpu_percent=1.5), 100.0)

    assert (health.status, health.pid, health.uptime_seconds) == ("failed", 0, 0)
    assert (health.restart_count, health.error_count, health.memory_mb, health.cpu_percent) == (4, 5, 7, 1.5)
    assert len(health.last_error) == 4096


def test_only_a_process_that_runs_is_healthy() -> None:
    """Whatever it said before it was ended; until it says where it serves, its port is told."""
    process = process_of(Stage.TERMINATING, is_healthy=True)
    info = answers.pattern_info(process, "127.0.0.1", 1.0)

    assert (info.healthy, info.address) == (False, "127.0.0.1:1234")


def test_a_process_is_told_of_its_proxies_in_their_order() -> None:
    """The owner of the namespace first."""
    wish = wish_of(proxies=(Proxy(id="p2", address="h:2"), Proxy(id="p1", address="h:1")))

    assert answers.proxy_endpoints(wish) == [
        ProxyEndpoint(proxy_id="p2", control_endpoint="h:2"),
        ProxyEndpoint(proxy_id="p1", control_endpoint="h:1"),
    ]
