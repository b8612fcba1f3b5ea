"""Kills of a launcher inside a stack: its processes go on, and the next one adopts them."""

from __future__ import annotations

import json
import os
import resource
import signal
import stat
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from prism.launcher.launcher_pb2 import STATE_RUNNING
from ziggurat import OnOrphan, Service, wait_until
from ziggurat.keeper import processes
from ziggurat.service import for_keeper

if TYPE_CHECKING:
    from tests.integration.prism_launcher.conftest import Launcher, Patterns

SPEAKER = "ns:orders:speaker"


@pytest.fixture
def launcher(start_launcher: Callable[..., Launcher]) -> Launcher:
    """A prism-launcher that can be killed."""
    return start_launcher()


def stop_at_keeper(launcher: Launcher, process_id: str = SPEAKER) -> None:
    """Kill a process while its launcher is away."""
    service = launcher.stack["launcher"]
    service.lease.ask("stop", service=f"{service.key}/{process_id}", steps=[])


def saved(path: Path) -> dict[str, Any]:
    """Return the state file's content."""
    content: dict[str, Any] = json.loads(path.read_text())
    return content


# === inside a stack ===


def test_a_killed_launcher_adopts_what_runs(launcher: Launcher) -> None:
    """The process serves on meanwhile; nothing of it has changed when the launcher is back."""
    launcher.launch(config={"max_keys": "7"})
    before = launcher.processes()[SPEAKER]
    launcher.stack["launcher"].kill()
    assert launcher.at_keeper() == {SPEAKER: before.pid}
    launcher.stack["launcher"].restart()
    wait_until(launcher.answers, seconds=15, what="a connection to the launcher")

    after = launcher.processes()[SPEAKER]
    assert (after.pid, after.address, after.state) == (before.pid, before.address, STATE_RUNNING)
    assert (after.restart_count, after.error_count, after.healthy) == (0, 0, True)
    launcher.log.wait_for(f"adopted {SPEAKER}")
    launcher.log_of().from_now_on().wait_for("heard")
    assert launcher.launch(config={"max_keys": "7"}).address == before.address


def test_what_was_adopted_is_supervised_and_can_be_ended(launcher: Launcher) -> None:
    """As if nothing had been."""
    launcher.launch()
    first = launcher.processes()[SPEAKER].pid
    launcher.kill_and_restart()
    os.kill(first, signal.SIGKILL)
    back = launcher.await_process(lambda found: found.state == STATE_RUNNING and found.pid != first)
    assert (back.restart_count, back.error_count) == (1, 1)

    assert launcher.terminate().success
    assert (launcher.processes(), launcher.at_keeper()) == ({}, {})


def test_what_ended_while_the_launcher_was_away_is_started_again(launcher: Launcher) -> None:
    """And it is known how it ended."""
    launcher.launch()
    first = launcher.processes()[SPEAKER]
    launcher.stack["launcher"].kill()
    stop_at_keeper(launcher)
    launcher.stack["launcher"].restart()
    wait_until(launcher.answers, seconds=15, what="a connection to the launcher")

    back = launcher.await_process(lambda found: found.state == STATE_RUNNING)
    assert (back.restart_count, back.error_count, back.address) == (1, 1, first.address)
    assert back.last_error.startswith("was ended by SIGKILL")


def test_a_stranger_under_a_known_name_is_not_adopted(launcher: Launcher, alive: Callable[[int], bool]) -> None:
    """A name alone proves nothing: it is ended, and the process that belongs there is started."""
    launcher.launch()
    service = launcher.stack["launcher"]
    service.kill()
    stop_at_keeper(launcher)
    stranger = Service(name="x", command=("/bin/sleep", "60"), on_orphan=OnOrphan.TERMINATE)
    spec = {
        "name": f"{service.key}/{SPEAKER}",
        "argv": ["/bin/sleep", "60"],
        "env": {},
        "log": "/dev/null",
        **for_keeper(stranger),
    }
    pid = service.lease.ask("start", spec=spec)["pid"]
    service.restart()
    wait_until(launcher.answers, seconds=15, what="a connection to the launcher")

    assert not alive(pid)
    back = launcher.await_process(lambda found: found.state == STATE_RUNNING)
    assert back.pid == launcher.at_keeper()[SPEAKER] != pid
    launcher.log.wait_for(f"{SPEAKER} runs, and is none that was launched")


def test_the_pid_of_somebody_else_is_never_signalled(
    start_launcher: Callable[..., Launcher], tmp_path: Path, alive: Callable[[int], bool]
) -> None:
    """Whatever the state file says of it, its start time included."""
    launcher = start_launcher()
    launcher.launch()
    launcher.stack["launcher"].kill()
    stop_at_keeper(launcher)
    with subprocess.Popen(["/bin/sleep", "60"]) as bystander:
        content = saved(tmp_path / "launcher.json")
        content["processes"][0]["life"] |= {
            "pid": bystander.pid,
            "start_time": processes.start_time(bystander.pid),
        }
        (tmp_path / "launcher.json").write_text(json.dumps(content))
        launcher.stack["launcher"].restart()
        wait_until(launcher.answers, seconds=15, what="a connection to the launcher")
        back = launcher.await_process(lambda found: found.state == STATE_RUNNING)
        launcher.terminate(force=True)

        assert back.pid != bystander.pid
        assert alive(bystander.pid)
        bystander.kill()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[: len(text) // 2],
        lambda _: "",
        lambda _: "[1, 2]",
        lambda text: json.dumps({**json.loads(text), "run": "another"}),
    ],
    ids=["torn", "empty", "of another kind", "of another run"],
)
def test_a_state_that_cannot_be_used_begins_anew(
    launcher: Launcher, tmp_path: Path, alive: Callable[[int], bool], spoil: Callable[[str], str]
) -> None:
    """What runs is nobody's then, and ended: it must not hold what a new one needs."""
    launcher.launch()
    pid = launcher.processes()[SPEAKER].pid
    launcher.stack["launcher"].kill()
    path = tmp_path / "launcher.json"
    path.write_text(spoil(path.read_text()))
    launcher.stack["launcher"].restart()
    wait_until(launcher.answers, seconds=15, what="a connection to the launcher")

    assert launcher.processes() == {}
    assert not alive(pid)
    assert launcher.launch().healthy


def test_an_end_that_was_begun_is_finished(
    start_launcher: Callable[..., Launcher], patterns: Patterns, alive: Callable[[int], bool]
) -> None:
    """By the launcher that comes after the killed one; the same for one that is gone by then."""
    patterns.add_speaker("stubborn", "stubborn")
    launcher = start_launcher()
    ids = ["ns:orders:stubborn", "ns:bills:stubborn"]
    for name in ("orders", "bills"):
        launcher.launch("stubborn", namespace=name, grace_period_secs=1)
    pids = [launcher.processes()[each].pid for each in ids]
    with ThreadPoolExecutor(2) as pool:
        ends = [pool.submit(launcher.terminate, each, grace_period_secs=60) for each in ids]
        for each in ids:
            launcher.log_of(each).wait_for("asked to stop 60")
        launcher.stack["launcher"].kill()
        for end in ends:
            with suppress(grpc.RpcError):
                end.result()
    stop_at_keeper(launcher, ids[1])
    launcher.stack["launcher"].restart()

    wait_until(lambda: launcher.answers() and not launcher.processes(), seconds=20, what="both ends")
    assert not any(map(alive, pids))
    assert launcher.launch("stubborn").healthy
    launcher.terminate(ids[0], force=True)


def test_a_launcher_that_is_stopped_leaves_its_processes_to_its_stack(launcher: Launcher) -> None:
    """They are the keeper's; the next launcher has them again."""
    launcher.launch()
    pid = launcher.processes()[SPEAKER].pid
    assert launcher.stack["launcher"].terminate().status == 0
    assert launcher.at_keeper() == {SPEAKER: pid}
    launcher.stack["launcher"].restart()
    wait_until(launcher.answers, seconds=15, what="a connection to the launcher")

    assert launcher.processes()[SPEAKER].pid == pid


def test_what_is_known_after_a_crash_is_for_its_owner_alone(launcher: Launcher, tmp_path: Path) -> None:
    """The state holds the tokens."""
    launcher.launch()
    info = launcher.processes()[SPEAKER]
    token = processes.environment(info.pid)["PRISM_LAUNCH_TOKEN"]

    assert token in (tmp_path / "launcher.json").read_text()
    assert [stat.S_IMODE(path.stat().st_mode) for path in sorted(tmp_path.glob("launcher.*"))] == [0o600, 0o600]


def test_a_token_is_shown_nowhere(start_launcher: Callable[..., Launcher], patterns: Patterns) -> None:
    """Not in logs, not in command lines, not in what people are told."""
    patterns.add_speaker("speaker", "unwell")
    launcher = start_launcher("--log-level", "debug")
    launcher.launch()
    info = launcher.processes()[SPEAKER]
    token = processes.environment(info.pid)["PRISM_LAUNCH_TOKEN"]
    launcher.terminate()

    assert len(bytes.fromhex(token)) >= 16
    assert token not in str(info)
    assert token not in "".join(launcher.log.lines())
    assert not [pid for pid in processes.every_pid() if token in processes.command(pid)]


def test_with_a_full_disk_what_runs_goes_on_and_nothing_new_is_started(
    start_launcher: Callable[..., Launcher], tmp_path: Path
) -> None:
    """One line says so, however often; a later launch works when there is room again."""
    launcher = start_launcher()
    launcher.launch()
    before = launcher.processes()[SPEAKER]
    pid = launcher.stack["launcher"].pid
    unlimited = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    # More than its log has by now, and less than the next state.
    size = launcher.log.whole.size() + 4096
    big = {"filler": "x" * 4000, "more": "x" * 4000, "yet": "x" * 4000}
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, unlimited[1]))
    with pytest.raises(grpc.RpcError) as refused:
        launcher.launch(namespace="bills", config=big)
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    assert str(tmp_path / "launcher.json") in (refused.value.details() or "")
    assert launcher.at_keeper() == {SPEAKER: before.pid}
    assert launcher.processes()[SPEAKER].pid == before.pid
    assert [each["wish"]["process_id"] for each in saved(tmp_path / "launcher.json")["processes"]] == [SPEAKER]

    # Neither state nor log can be written any more.
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, unlimited[1]))
    os.kill(before.pid, signal.SIGKILL)
    back = launcher.await_process(lambda found: found.state == STATE_RUNNING and found.pid != before.pid)
    assert (back.healthy, back.restart_count) == (True, 1)

    resource.prlimit(pid, resource.RLIMIT_FSIZE, unlimited)
    assert launcher.launch(namespace="bills", config=big).healthy


# === alone ===
