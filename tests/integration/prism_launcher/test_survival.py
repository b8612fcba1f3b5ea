"""Kills of the launcher: in a stack its processes go on and are adopted; with a keeper of its own nothing is left."""

from __future__ import annotations

import json
import os
import resource
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from tests.integration.prism_launcher.conftest import GENTLE

from prism.launcher.launcher_pb2 import STATE_RUNNING, LaunchRequest, ListPatternsRequest
from prism.launcher.launcher_pb2_grpc import PatternLauncherStub
from prism_stack.channel import open_channel
from ziggurat import OnOrphan, Service, ServiceLog, wait_until
from ziggurat.keeper import processes
from ziggurat.lease import connect
from ziggurat.service import for_keeper

if TYPE_CHECKING:
    from tests.integration.prism_launcher.conftest import Launcher, Patterns

SPEAKER = "ns:orders:speaker"
AT_ONCE = 10.0
"""Seconds. What waits for nobody takes a second, of which most is Python's start; a busy machine gets patience."""


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


@dataclass
class Lone:
    """A prism-launcher that a person started, with a keeper of its own."""

    process: subprocess.Popen[bytes]
    log: ServiceLog

    @property
    def address(self) -> str:
        """Where it serves."""
        return self.log.wait_for(r"serving at (\S+),", seconds=30)[1]

    def launch(self, pattern: str = "speaker", namespace: str = "orders") -> Any:  # noqa: ANN401 - a process's facts
        """Launch a process and return what is known of it."""
        with open_channel(self.address) as channel:
            stub = PatternLauncherStub(channel)
            assert stub.LaunchPattern(LaunchRequest(pattern_name=pattern, namespace=namespace), timeout=30).healthy
            listed = stub.ListPatterns(ListPatternsRequest(), timeout=30).patterns
            return next(each for each in listed if each.process_id == f"ns:{namespace}:{pattern}")


@pytest.fixture
def start_alone(tmp_path: Path, patterns: Patterns, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Lone]]:
    """Start launchers that belong to no stack; none of them, and nothing of theirs, outlives the test."""
    runtime = tempfile.TemporaryDirectory(prefix="zg", dir="/tmp")
    monkeypatch.setenv("XDG_RUNTIME_DIR", runtime.name)
    started: list[Lone] = []

    def start(name: str = "alone", *arguments: str, stderr: int | None = None) -> Lone:
        log = tmp_path / f"{name}-{len(started)}.log"
        command = [
            *(sys.executable, "-m", "prism_stack.launcher"),
            *("--listen", "127.0.0.1:0"),
            *("--state", str(tmp_path / f"{name}.json")),
            *("--patterns", str(patterns.folder)),
            *GENTLE,
            *arguments,
        ]
        with log.open("wb") as file:
            process = subprocess.Popen(command, stderr=file if stderr is None else stderr)
        started.append(Lone(process, ServiceLog(log)))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.wait()
    wait_until(lambda: not list(Path(runtime.name).glob("ziggurat/*/keeper.sock")), seconds=10, what="no keeper")
    runtime.cleanup()


def test_nothing_outlives_a_killed_launcher_with_a_keeper_of_its_own(
    start_alone: Callable[..., Lone], patterns: Patterns, alive: Callable[[int], bool]
) -> None:
    """Not a daemon, not one that ignores SIGTERM; the next launcher on the state file begins anew."""
    patterns.add_speaker("family", "daemon", "stubborn")
    lone = start_alone()
    info = lone.launch("family")
    daemon = next(
        pid
        for pid in processes.tagged(processes.environment(info.pid)["ZIGGURAT_RUN"])
        if processes.session(pid) not in {info.pid, 0} and "speak_launcher" in processes.command(pid)
    )
    lone.process.kill()
    lone.process.wait()
    wait_until(lambda: not any(map(alive, (info.pid, daemon))), seconds=10, what="the end of all")

    again = start_alone()
    assert again.launch("speaker").restart_count == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_launcher_with_a_keeper_of_its_own_drains_its_processes(
    start_alone: Callable[..., Lone], alive: Callable[[int], bool], number: signal.Signals
) -> None:
    """Each hears of it once, and says that it has stopped."""
    lone = start_alone()
    infos = [lone.launch(namespace=name) for name in ("orders", "bills")]
    lone.process.send_signal(number)

    assert lone.process.wait(30) == 0
    assert not any(alive(info.pid) for info in infos)
    for info in infos:
        lone.log.wait_for(f"{info.process_id} stops: asked to; 1 calls finished, 0 aborted")


def test_a_hundred_interrupts_are_one_orderly_stop(
    start_alone: Callable[..., Lone], alive: Callable[[int], bool]
) -> None:
    """The second ends the launcher at once, as the process contract has it; its keeper asks each process once."""
    lone = start_alone()
    info = lone.launch()
    keeper = connect(Path(processes.environment(info.pid)["ZIGGURAT_KEEPER"]))
    assert keeper is not None
    with keeper:
        path = next(each["log"] for each in keeper.ask("list"))
    with Path(path).open() as log:
        for _ in range(100):
            with suppress(ProcessLookupError):
                lone.process.send_signal(signal.SIGINT)
            # Apart in time, or the kernel would make one of them.
            time.sleep(0.005)
        assert lone.process.wait(30) in {0, 128 + signal.SIGINT}
        wait_until(lambda: not alive(info.pid), seconds=10, what="the end of the process")
        # The file is gone with its run; whoever has it open reads on.
        lines = log.read().splitlines()

    asked = [line for line in lines if line.startswith(("got", "asked to stop"))]
    assert len(asked) == len(set(asked)) >= 1
    assert lines[-1] == "stops"


def test_a_second_launcher_on_a_state_file_names_the_first(start_alone: Callable[..., Lone]) -> None:
    """And ends at once, before it has touched anything."""
    first = start_alone("shared")
    first.launch()
    began = time.monotonic()
    second = start_alone("shared")

    assert second.process.wait(30) == 69
    assert time.monotonic() - began < AT_ONCE
    second.log.wait_for(rf"shared.json is held by another launcher \(pid {first.process.pid}\)")
    assert first.launch().restart_count == 0


def test_a_launcher_whose_keeper_is_gone_says_so_and_ends(
    start_alone: Callable[..., Lone], alive: Callable[[int], bool]
) -> None:
    """Its processes are gone with it."""
    lone = start_alone()
    info = lone.launch()
    keeper = connect(Path(processes.environment(info.pid)["ZIGGURAT_KEEPER"]))
    assert keeper is not None
    with keeper:
        os.kill(keeper.about_keeper["pid"], signal.SIGKILL)

    assert lone.process.wait(30) == 69
    lone.log.wait_for("the keeper of its processes is gone")
    assert not alive(info.pid)


def test_nobody_who_reads_its_log_has_to_stay(start_alone: Callable[..., Lone], alive: Callable[[int], bool]) -> None:
    """The terminal is closed, the pager ended: launcher and processes go on."""
    reader, writer = os.pipe()
    lone = start_alone(stderr=writer)
    os.close(writer)
    with os.fdopen(reader) as log:
        line = next(line for line in log if "serving at" in line)
    address = line.partition("serving at ")[2].partition(",")[0]
    with open_channel(address) as channel:
        stub = PatternLauncherStub(channel)
        for name in ("orders", "bills"):
            assert stub.LaunchPattern(LaunchRequest(pattern_name="speaker", namespace=name), timeout=30).healthy
        listed = stub.ListPatterns(ListPatternsRequest(), timeout=30).patterns

    assert lone.process.poll() is None
    assert all(alive(each.pid) and each.healthy for each in listed)
    lone.process.terminate()
    assert lone.process.wait(30) == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--breaker", "0/1s", "--restart-backoff", "2s..1s"), 64, '--breaker "0/1s" is not FAILURES/TIME'),
        (("--listen", "0.0.0.0:0"), 64, "give --advertise HOST"),
        (("--store", "redis://:hunter2@h:1", "--print-config", "--breaker", "x"), 64, "see --help"),
        (("--state", "/proc/nowhere/launcher.json"), 69, "/proc/nowhere"),
        (("--patterns", "/no/such/folder"), 64, "names no folder: /no/such/folder"),
    ],
    ids=["settings", "any address", "print-config", "state", "patterns"],
)
def test_a_launcher_that_cannot_work_says_why(
    start_alone: Callable[..., Lone], arguments: tuple[str, ...], code: int, said: str
) -> None:
    """With the exit code of the process contract."""
    lone = start_alone("alone", *arguments)

    assert lone.process.wait(30) == code
    assert said in lone.log.read().decode()
