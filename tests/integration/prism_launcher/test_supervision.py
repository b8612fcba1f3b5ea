"""Supervision: ends are seen at once, restarts keep their pace, and what one process does harms no other."""

from __future__ import annotations

import itertools
import re
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import pytest

from prism.launcher.launcher_pb2 import STATE_FAILED, STATE_RUNNING, STATE_STARTING
from ziggurat import wait_until
from ziggurat.keeper import processes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.prism_launcher.conftest import Launcher, Patterns

NO_BREAKER = ("--restart-backoff", "1ms..1ms", "--breaker", "9999/1h")
BURST = """
import sys, time
longest, line = 0.0, b"x" * 999 + b"\\n"
for _ in range(200):
    began = time.monotonic()
    sys.stdout.buffer.write(line * 1000)
    sys.stdout.buffer.flush()
    longest = max(longest, time.monotonic() - began)
print(f"blocked for {longest:.3f} s at most")
sys.exit(4)
"""
STAMP = re.compile(r"^born (\d+)$")


def births(launcher: Launcher, process_id: str) -> list[float]:
    """Return the seconds at which a script that writes them down was started."""
    found = [STAMP.match(line) for line in launcher.log_of(process_id).lines()]
    return [int(match[1]) / 1e9 for match in found if match]


def zombies(pid: int) -> list[int]:
    """Return the children of a process that nobody has reaped."""
    return [child for child in processes.children(pid) if processes.state(child) == "Z"]


@dataclass
class Undertaker:
    """Watches for how long children that ended are left unreaped."""

    parents: tuple[int, ...]
    oldest: float = 0.0
    found: dict[int, float] = field(default_factory=dict)

    def look(self) -> None:
        """See who is a zombie, and since when."""
        now = time.monotonic()
        dead = [pid for parent in self.parents for pid in zombies(parent)]
        self.found = {pid: self.found.get(pid, now) for pid in dead}
        self.oldest = max(self.oldest, *(now - since for since in self.found.values()), 0.0)


def test_a_crash_loop_is_slowed_down_and_ends_with_the_breaker(
    start_launcher: Callable[..., Launcher], patterns: Patterns
) -> None:
    """Pauses grow, the last state has exit code and last words, and nothing else is touched."""
    patterns.add_script("looping", "date '+born %s%N'; echo no such thing; exit 3")
    launcher = start_launcher()
    launcher.launch()
    before = launcher.processes()["ns:orders:speaker"]
    answer = launcher.launch("looping")
    assert (answer.healthy, answer.state) == (False, STATE_STARTING)
    assert "exited with code 3 while it was starting: born" in answer.error

    info = launcher.await_state(STATE_FAILED, "ns:orders:looping")
    started = births(launcher, "ns:orders:looping")
    pauses = [after - before for before, after in itertools.pairwise(started)]
    assert len(started) == 5
    assert all(pause >= 0.8 * least for pause, least in zip(pauses, (0.05, 0.1, 0.2, 0.4), strict=True))
    assert (info.error_count, info.restart_count, info.pid, info.uptime_seconds) == (5, 4, 0, 0)
    assert "the breaker is open after 5 failures" in info.last_error
    assert "exited with code 3" in info.last_error
    assert info.last_error.endswith("no such thing")
    launcher.log.wait_for(r"ERROR ns:orders:looping: the breaker is open")
    after = launcher.processes()["ns:orders:speaker"]
    assert (after.pid, after.restart_count, after.state) == (before.pid, 0, STATE_RUNNING)


def test_a_launch_of_what_failed_starts_it_now_and_forgets_its_history(
    start_launcher: Callable[..., Launcher], patterns: Patterns
) -> None:
    """The breaker has room for failures again."""
    folder = patterns.add_script("looping", "exit 3")
    launcher = start_launcher()
    launcher.launch("looping")
    failed = launcher.await_state(STATE_FAILED, "ns:orders:looping")
    assert launcher.launch("looping").error != ""
    again = launcher.processes()["ns:orders:looping"]
    assert again.error_count < failed.error_count
    launcher.await_state(STATE_FAILED, "ns:orders:looping")

    (folder / "program").write_text("#!/bin/sh\nexec sleep 60\n")
    launcher.set_off("looping")
    info = launcher.processes()["ns:orders:looping"]
    assert (info.error_count, info.restart_count, info.last_error) == (0, 0, "")
    assert info.pid


def test_a_launch_of_what_waits_starts_it_now(start_launcher: Callable[..., Launcher], patterns: Patterns) -> None:
    """Not when its pause is over."""
    patterns.add_script("once", "[ -e again ] && exec sleep 60; exit 3")
    launcher = start_launcher("--restart-backoff", "10m..10m")
    launcher.launch("once")
    waiting = launcher.processes()["ns:orders:once"]
    assert (waiting.state, waiting.pid, waiting.error_count) == (STATE_STARTING, 0, 1)

    answer = launcher.launch("once")
    assert (answer.state, answer.healthy) == (STATE_STARTING, False)
    assert launcher.processes()["ns:orders:once"].error_count == 1


def test_a_killed_process_is_back_on_its_port(launcher: Launcher) -> None:
    """With everything that it was told, and its restart counted."""
    answer = launcher.launch(config={"max_keys": "7"})
    first = launcher.processes()["ns:orders:speaker"]
    launcher.stack["launcher"].lease.ask(
        "signal", service=f"{launcher.stack['launcher'].key}/{first.process_id}", signal=9
    )
    back = launcher.await_process(lambda found: found.state == STATE_RUNNING and found.pid != first.pid)

    assert (back.address, back.restart_count, back.error_count) == (answer.address, 1, 1)
    assert back.last_error.startswith("was ended by SIGKILL: ")
    greetings = [line for line in launcher.log_of().lines() if "max_keys" in line]
    assert len(greetings) == 2


def test_one_that_never_handshakes_is_killed_and_started_again(
    start_launcher: Callable[..., Launcher], patterns: Patterns, alive: Callable[[int], bool]
) -> None:
    """Within the time that its manifest gives it; the reason is told."""
    patterns.add_script("mute", "exec sleep 60", more="[probe]\ntimeout = '300ms'")
    launcher = start_launcher()
    answer = launcher.launch("mute")
    assert answer.error == "no handshake within 0.3 s"
    info = launcher.await_state(STATE_FAILED, "ns:orders:mute")

    assert info.error_count == 5
    assert "no handshake within 0.3 s" in info.last_error
    assert launcher.at_keeper() == {}
    assert not alive(info.pid)


def test_one_that_falls_silent_is_not_healthy_and_lives_on(
    start_launcher: Callable[..., Launcher], patterns: Patterns
) -> None:
    """Three heartbeats missing; the next one makes it healthy again, until it is silent once more."""
    patterns.add_script("mute", "exec sleep 60", more="[probe]\ntimeout = '60s'")
    launcher = start_launcher("--process-heartbeat-interval", "1s")
    launcher.set_off("mute")
    info = launcher.processes()["ns:orders:mute"]
    launcher.greet(info)
    launcher.beat(info)
    assert launcher.processes()["ns:orders:mute"].healthy
    silent = launcher.await_process(lambda found: not found.healthy, "ns:orders:mute")
    assert (silent.state, silent.pid) == (STATE_RUNNING, info.pid)
    assert silent.last_error == "silent for 3.0 s"

    launcher.beat(info)
    assert launcher.processes()["ns:orders:mute"].healthy
    launcher.await_process(lambda found: not found.healthy, "ns:orders:mute")


def test_many_short_children_leave_no_zombie_and_no_descriptor(
    start_launcher: Callable[..., Launcher], patterns: Patterns, descriptors: Callable[[int], int]
) -> None:
    """A thousand children of five hundred restarts: of all that the launcher and its keeper hold, nothing grows."""
    patterns.add_script("short", "sleep 60 & exit 1")
    launcher = start_launcher(*NO_BREAKER)
    pid = launcher.stack["launcher"].pid
    keeper = launcher.stack["launcher"].lease.about_keeper["pid"]
    undertaker = Undertaker((pid, keeper))
    launcher.launch("short")
    launcher.await_process(lambda found: found.restart_count >= 10, "ns:orders:short")
    before = descriptors(pid), descriptors(keeper)

    def enough() -> bool:
        undertaker.look()
        return launcher.processes()["ns:orders:short"].restart_count >= 500

    wait_until(enough, seconds=100, what="five hundred restarts")
    launcher.terminate("ns:orders:short")
    after = descriptors(pid), descriptors(keeper)

    assert all(abs(now - then) <= 2 for now, then in zip(after, before, strict=True))
    assert undertaker.oldest < 1
    assert launcher.at_keeper() == {}
    assert [each for parent in (pid, keeper) for each in zombies(parent)] == []


def test_a_process_inherits_three_descriptors_and_no_word_meant_for_its_launcher(
    start_launcher: Callable[..., Launcher], patterns: Patterns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its environment is the launcher's, without what is said to the launcher alone, and with the manifest's."""
    monkeypatch.setenv("PRISM_STORE", "redis://:hunter2@127.0.0.1:1")
    monkeypatch.setenv("HARMLESS", "yes")
    more = "[environment]\nGREETING = 'hello'\nPRISM_LOG_LEVEL = 'debug'"
    patterns.add_script("telling", "env; exec sleep 60", more=more)
    launcher = start_launcher()
    pid = launcher.set_off("telling").pid
    log = launcher.log_of("ns:orders:telling")
    log.wait_for("^PRISM_LAUNCH_TOKEN=")
    # The shell before it had the script open.
    wait_until(lambda: processes.command(pid).startswith("sleep"), seconds=10, what="the program itself")
    variables = processes.environment(pid)

    assert {path.name for path in Path(f"/proc/{pid}/fd").iterdir()} == {"0", "1", "2"}
    assert (variables["GREETING"], variables["HARMLESS"]) == ("hello", "yes")
    assert {name for name in variables if name.startswith("PRISM_")} == {"PRISM_LOG_LEVEL", "PRISM_LAUNCH_TOKEN"}
    assert "hunter2" not in " ".join(log.lines())
    assert variables["NOTIFY_SOCKET"] != processes.environment(launcher.stack["launcher"].pid)["NOTIFY_SOCKET"]


def test_a_burst_of_log_blocks_nobody_and_keeps_the_last_line(
    start_launcher: Callable[..., Launcher], patterns: Patterns
) -> None:
    """200 MB: the launcher takes none of it into its memory, and tells the last of it when the process fails."""
    patterns.add("talking", sys.executable, "-c", BURST, more="[probe]\ntimeout = '10m'")
    launcher = start_launcher("--restart-backoff", "10m..10m")
    pid = launcher.stack["launcher"].pid
    launcher.launch()
    before = resident(pid)
    answer = launcher.launch("talking", timeout=60)

    blocked = float(re.search(r"\| blocked for (\S+) s at most$", answer.error)[1])  # type: ignore[index]
    assert blocked < 2
    assert len(answer.error) < 4096
    assert launcher.log_of("ns:orders:talking").whole.size() > 200_000_000
    assert resident(pid) - before < 16 << 20
    assert launcher.processes()["ns:orders:speaker"].healthy


def resident(pid: int) -> int:
    """Return the bytes that a process has in memory."""
    with open(f"/proc/{pid}/statm") as file:  # noqa: PTH123 - a file of the kernel's
        return int(file.read().split()[1]) * 4096


def test_one_line_without_end_is_told_by_its_end(start_launcher: Callable[..., Launcher], patterns: Patterns) -> None:
    """Nobody is to read 64 KiB on one line."""
    patterns.add_script("droning", "head -c 100000 /dev/zero | tr '\\0' 'x'; printf '\\033[31mhere'; exit 4")
    launcher = start_launcher("--restart-backoff", "10m..10m")
    answer = launcher.launch("droning")

    assert len(answer.error) < 1000
    assert answer.error.endswith("xx [31mhere")


def test_a_process_that_ends_by_itself_is_started_again(
    start_launcher: Callable[..., Launcher], patterns: Patterns
) -> None:
    """Also with exit code 0: it was to run."""
    patterns.add_speaker("leaving", "exits=0")
    launcher = start_launcher()
    launcher.launch("leaving")
    info = launcher.await_process(lambda found: found.restart_count >= 1, "ns:orders:leaving")

    assert "exited with code 0" in info.last_error
    with pytest.raises(grpc.RpcError):
        launcher.launch("leaving", config={"max_keys": "1"})
