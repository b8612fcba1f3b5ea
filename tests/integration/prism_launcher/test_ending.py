"""Ending on purpose: a drain, a grace, SIGTERM, SIGKILL; nothing is left, and the id can be launched again at once."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import grpc
import pytest

from prism.launcher.launcher_pb2 import STATE_FAILED, STATE_TERMINATING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.prism_launcher.conftest import Launcher, Patterns

LATER = 5.0
"""Seconds that a busy machine may be late with a kill."""


def test_a_terminated_process_drains_and_is_gone(launcher: Launcher, alive: Callable[[int], bool]) -> None:
    """It is asked to stop with the default grace, says what it has done, and its id can be launched again at once."""
    launcher.launch()
    pid, log = launcher.processes()["ns:orders:speaker"].pid, launcher.log_of()
    assert launcher.terminate().success
    assert (launcher.processes(), launcher.at_keeper(), alive(pid)) == ({}, {}, False)

    log.wait_for("asked to stop 10")
    launcher.log.wait_for("ns:orders:speaker stops: asked to; 1 calls finished, 0 aborted")
    assert launcher.launch().healthy
    assert launcher.processes()["ns:orders:speaker"].pid != pid


def test_the_grace_of_the_launch_holds_where_the_end_says_none(launcher: Launcher) -> None:
    """As the caller of the launch wished."""
    launcher.launch(grace_period_secs=3)
    log = launcher.log_of()
    launcher.terminate()

    log.wait_for("asked to stop 3")


def test_one_that_ignores_sigterm_is_killed_at_its_grace_and_a_half_second(launcher: Launcher) -> None:
    """Not earlier, for it may be draining; it was asked in both ways."""
    launcher.launch("stubborn")
    log = launcher.log_of("ns:orders:stubborn")
    began = time.monotonic()
    assert launcher.terminate("ns:orders:stubborn", grace_period_secs=1).success
    took = time.monotonic() - began

    assert 1.5 <= took < 1.5 + LATER
    log.wait_for("asked to stop 1")
    log.wait_for("ignored SIGTERM")
    assert launcher.at_keeper() == {}


def test_force_kills_without_asking(launcher: Launcher, alive: Callable[[int], bool]) -> None:
    """It hears of nothing."""
    launcher.launch()
    pid, log = launcher.processes()["ns:orders:speaker"].pid, launcher.log_of()
    assert launcher.terminate(force=True, grace_period_secs=60).success

    assert not alive(pid)
    assert not [line for line in log.lines() if "stop" in line or "SIGTERM" in line]


def test_force_cuts_short_an_end_that_takes_its_time(launcher: Launcher) -> None:
    """Both callers are answered when it is gone."""
    launcher.launch("stubborn")
    log = launcher.log_of("ns:orders:stubborn")
    began = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        patient = pool.submit(launcher.terminate, "ns:orders:stubborn", grace_period_secs=60)
        log.wait_for("asked to stop 60")
        assert launcher.processes()["ns:orders:stubborn"].state == STATE_TERMINATING
        assert launcher.terminate("ns:orders:stubborn", force=True).success
        assert patient.result().success

    assert time.monotonic() - began < 30
    assert (launcher.processes(), launcher.at_keeper()) == ({}, {})


def test_a_launch_waits_for_the_end_of_the_process_before_it(launcher: Launcher) -> None:
    """And gets a new one, whoever launches."""
    launcher.launch("stubborn")
    pid, log = launcher.processes()["ns:orders:stubborn"].pid, launcher.log_of("ns:orders:stubborn")
    with ThreadPoolExecutor(1) as pool:
        ended = pool.submit(launcher.terminate, "ns:orders:stubborn", grace_period_secs=1)
        log.wait_for("asked to stop 1")
        assert launcher.launch("stubborn").healthy
        assert ended.result().success

    assert launcher.processes()["ns:orders:stubborn"].pid not in {0, pid}
    launcher.terminate("ns:orders:stubborn", force=True)


def test_no_descendant_survives_not_even_a_daemon(launcher: Launcher, alive: Callable[[int], bool]) -> None:
    """One that is in a session of its own, and whose parent is gone."""
    launcher.launch("family")
    daemon = int(launcher.log_of("ns:orders:family").wait_for(r"^daemon (\d+)$")[1])
    assert alive(daemon)

    assert launcher.terminate("ns:orders:family").success
    assert not alive(daemon)


def test_one_that_never_said_anything_is_ended_by_signals(launcher: Launcher, alive: Callable[[int], bool]) -> None:
    """There is nobody to be asked."""
    launcher.set_off("mute")
    pid, log = launcher.processes()["ns:orders:mute"].pid, launcher.log_of("ns:orders:mute")
    assert launcher.terminate("ns:orders:mute").success

    log.wait_for("got it")
    assert not alive(pid)


def test_what_is_not_there_cannot_be_ended(launcher: Launcher) -> None:
    """By people or the admin; also at a second time."""
    launcher.launch()
    launcher.terminate()
    for end in (launcher.terminate, launcher.revoke):
        with pytest.raises(grpc.RpcError) as refused:
            end("ns:orders:speaker")
        assert refused.value.code() is grpc.StatusCode.NOT_FOUND


def test_a_revocation_tells_how_it_ended(launcher: Launcher) -> None:
    """With the exit code and the moment; keys stay where nobody wants them gone."""
    launcher.assign(1)
    log = launcher.log_of()
    answer, metadata = launcher.revoke()

    assert (answer.success, answer.exit_code) == (True, 0)
    assert abs(answer.stopped_at / 1000 - time.time()) < 60
    assert "x-prism-keys-removed" not in metadata
    assert log.wait_for("asked to stop 5")[0].split()[-1] != "purge"


def test_a_revocation_takes_the_keys_with_it(launcher: Launcher) -> None:
    """Where the admin says so; their number comes back."""
    launcher.assign(1, pattern="removing")
    log = launcher.log_of("ns:orders:removing")
    answer, metadata = launcher.revoke("ns:orders:removing", purge=True)

    assert (answer.success, metadata["x-prism-keys-removed"]) == (True, "7")
    log.wait_for("asked to stop 5 purge")
    assert launcher.processes() == {}


def test_keys_that_could_not_be_removed_are_not_forgotten(
    start_launcher: Callable[..., Launcher], patterns: Patterns
) -> None:
    """The process is gone, and kept as failed, so that the admin can ask again: it is started for that."""
    patterns.add_speaker("speaker", "breaks=no-redis")
    launcher = start_launcher("--store", "redis://127.0.0.1:1")
    launcher.assign(1)
    for _ in range(2):
        with pytest.raises(grpc.RpcError) as refused:
            launcher.revoke(purge=True)
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
        assert "no-redis" in (refused.value.details() or "")
        info = launcher.processes()["ns:orders:speaker"]
        assert (info.state, info.pid, launcher.at_keeper()) == (STATE_FAILED, 0, {})

    assert launcher.terminate().success
    assert launcher.processes() == {}
