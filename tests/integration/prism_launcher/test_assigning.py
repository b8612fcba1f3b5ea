"""What the admin wishes: repeats and late calls are harmless, and a newer wish is made so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import pytest

from prism.control_plane_pb2 import ProxyHeartbeat, ProxyRegistration

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.prism_launcher.conftest import Launcher, Patterns

SPEAKER = "ns:orders:speaker"
FIRST, SECOND = "p1=127.0.0.1:1", "p2=127.0.0.1:2,p1=127.0.0.1:1"


def test_an_assigned_process_is_up_when_it_is_acknowledged(launcher: Launcher) -> None:
    """With the proxies and the configuration of the assignment."""
    answer = launcher.assign(1, prism__proxies=FIRST, max_keys="7")
    assert (answer.success, answer.message) == (True, "")

    assert launcher.processes()[SPEAKER].healthy
    launcher.log_of().wait_for(rf"greeted orders \{{'backend_config': \{{'max_keys': '7'\}}\}} {FIRST}$")


def test_repeats_and_late_calls_change_nothing(launcher: Launcher) -> None:
    """The same version again, and an older one whatever it says."""
    launcher.assign(5, max_keys="7")
    before = launcher.processes()[SPEAKER]

    assert launcher.assign(5, max_keys="7").success
    assert launcher.assign(4, max_keys="1", prism__proxies=SECOND).success
    after = launcher.processes()[SPEAKER]
    assert (after.pid, after.restart_count) == (before.pid, 0)
    assert launcher.launch(config={"max_keys": "7"}).healthy


def test_one_version_cannot_have_two_contents(launcher: Launcher) -> None:
    """Somebody else wrote it, then."""
    launcher.assign(5, max_keys="7")
    for keys, proxies in (("1", ""), ("7", SECOND)):
        with pytest.raises(grpc.RpcError) as refused:
            launcher.assign(5, max_keys=keys, prism__proxies=proxies)
        assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION


def test_a_process_is_told_of_other_proxies_and_goes_on(launcher: Launcher) -> None:
    """With its next heartbeat."""
    launcher.assign(1, prism__proxies=FIRST)
    pid = launcher.processes()[SPEAKER].pid
    assert launcher.assign(2, prism__proxies=SECOND).success

    launcher.log_of().wait_for(rf"^heard {SECOND}$")
    assert launcher.processes()[SPEAKER].pid == pid


def test_a_process_is_started_anew_for_another_configuration(launcher: Launcher) -> None:
    """The one before drains first; its failures are none."""
    launcher.assign(1, max_keys="7")
    first, log = launcher.processes()[SPEAKER], launcher.log_of()
    assert launcher.assign(2, max_keys="8").success

    second = launcher.processes()[SPEAKER]
    assert second.pid != first.pid
    assert (second.restart_count, second.error_count) == (0, 0)
    log.wait_for("asked to stop")
    assert launcher.at_keeper() == {SPEAKER: second.pid}


def test_what_was_launched_by_hand_can_be_assigned(launcher: Launcher) -> None:
    """And goes on where it is what the admin wishes."""
    launcher.launch()
    pid = launcher.processes()[SPEAKER].pid

    assert launcher.assign(1).success
    assert launcher.processes()[SPEAKER].pid == pid


def test_a_launch_by_hand_takes_an_assigned_process_as_it_is(start_launcher: Callable[..., Launcher]) -> None:
    """Also where the launcher's own store would be another."""
    launcher = start_launcher("--store", "redis://127.0.0.1:1")
    launcher.assign(1, max_keys="7")
    pid = launcher.processes()[SPEAKER].pid

    assert launcher.launch().healthy
    assert launcher.processes()[SPEAKER].pid == pid


def test_a_process_that_fails_is_a_no_with_the_reason(
    start_launcher: Callable[..., Launcher], patterns: Patterns
) -> None:
    """While it still waits, once its breaker is open, and where it cannot be started at all; an old wish is a yes."""
    folder = patterns.add_script("looping", "echo no such thing; exit 3")
    launcher = start_launcher("--breaker", "2/1m", "--restart-backoff", "1ms..1ms")
    answer = launcher.assign(5, pattern="looping")
    assert not answer.success
    assert "exited with code 3" in answer.message
    launcher.await_process(lambda found: found.error_count >= 2, "ns:orders:looping")

    answer = launcher.assign(5, pattern="looping")
    assert not answer.success
    assert "the breaker is open" in answer.message
    assert launcher.assign(4, pattern="looping").success
    (folder / "program").unlink()
    answer = launcher.assign(5, pattern="looping", namespace="bills")
    assert not answer.success
    assert "there is no program" in answer.message


def test_a_process_that_is_not_up_in_time_is_not_acknowledged(
    start_launcher: Callable[..., Launcher], patterns: Patterns
) -> None:
    """It goes on starting, and a later call finds it."""
    patterns.add_script("mute", "exec sleep 600")
    launcher = start_launcher()
    with pytest.raises(grpc.RpcError) as refused:
        launcher.assign(1, pattern="mute", timeout=1)

    assert refused.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    info = launcher.processes()["ns:orders:mute"]
    launcher.greet(info)
    launcher.beat(info)
    assert launcher.assign(1, pattern="mute").success


def test_what_an_admin_serves_is_unimplemented_here(launcher: Launcher) -> None:
    """The launcher has its part of the control plane, and no more."""
    for call in (
        lambda: launcher.admin.RegisterProxy(ProxyRegistration(), timeout=10),
        lambda: launcher.admin.Heartbeat(ProxyHeartbeat(), timeout=10),
    ):
        with pytest.raises(grpc.RpcError) as refused:
            call()
        assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
