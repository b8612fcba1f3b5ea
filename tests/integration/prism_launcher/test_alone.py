"""A launcher with a keeper of its own, as a person starts it: nothing outlives it, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.prism_launcher.conftest import GENTLE

from prism.launcher.launcher_pb2 import LaunchRequest, ListPatternsRequest
from prism.launcher.launcher_pb2_grpc import PatternLauncherStub
from prism_stack.channel import open_channel
from ziggurat import ServiceLog, wait_until
from ziggurat.keeper import processes
from ziggurat.lease import connect

if TYPE_CHECKING:
    from tests.integration.prism_launcher.conftest import Patterns

AT_ONCE = 10.0
"""Seconds. What waits for nobody takes a second, of which most is Python's start; a busy machine gets patience."""


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
    # It has something to say to nobody.
    lone.process.send_signal(signal.SIGQUIT)
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
