"""A prism-launcher of the test's own, and patterns whose programs do what the test needs."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from prism.control_plane_pb2 import PatternProcessConfig, ProcessAssignment, ProcessConfig, ProcessRevocation
from prism.control_plane_pb2_grpc import ControlPlaneStub
from prism.interfaces.lifecycle_pb2 import HEALTH_STATUS_HEALTHY
from prism.launcher.launcher_control_pb2 import ProcessHandshakeRequest, ProcessHeartbeatRequest
from prism.launcher.launcher_control_pb2_grpc import LauncherControlStub
from prism.launcher.launcher_pb2 import (
    LaunchRequest,
    ListPatternsRequest,
    PatternInfo,
    ProcessState,
    TerminateRequest,
)
from prism.launcher.launcher_pb2_grpc import PatternLauncherStub
from prism_stack.channel import open_channel
from ziggurat import FREE, Notify, Service, ServiceLog, Stack, wait_until
from ziggurat.keeper import processes

if TYPE_CHECKING:
    from ziggurat import RunningStack
    from ziggurat.scope import StackScope

PROGRAMS = Path(__file__).parents[2] / "programs"
CALL_SECONDS = 30
UP_SECONDS = 15
SHORT = 1.0
"""Seconds that a caller waits for a process that will not be up."""
MUTE = "trap 'echo got it; exit 0' TERM; while :; do sleep 0.05; done"
"""Says nothing to its launcher, and ends when it is told to."""
GENTLE = ("--process-heartbeat-interval", "200ms", "--restart-backoff", "50ms..400ms")


@dataclass(frozen=True)
class Log:
    """What somebody wrote since a test began."""

    whole: ServiceLog
    since: int = 0

    def lines(self) -> list[str]:
        """Return the lines."""
        return self.whole.lines(self.since)

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Wait for a line that matches a regular expression."""
        return self.whole.wait_for(pattern, since=self.since, seconds=UP_SECONDS)

    def from_now_on(self) -> Log:
        """Return what will be written."""
        return Log(self.whole, self.whole.size())


@dataclass
class Launcher:
    """A running prism-launcher and the calls that people, the admin and processes make on it."""

    stack: RunningStack
    patterns: Patterns
    channel: grpc.Channel
    people: PatternLauncherStub
    admin: ControlPlaneStub
    process: LauncherControlStub
    marks: dict[Path, int] = field(default_factory=dict)
    """Where logs stood when the test began."""

    # === calls ===

    def launch(
        self,
        pattern: str = "speaker",
        namespace: str = "orders",
        timeout: float = CALL_SECONDS,
        **fields: Any,  # noqa: ANN401 - of a message
    ) -> Any:  # noqa: ANN401 - a response
        """Launch a pattern's process."""
        request = LaunchRequest(pattern_name=pattern, namespace=namespace, **fields)
        return self.people.LaunchPattern(request, timeout=timeout)

    def set_off(self, pattern: str, namespace: str = "orders", **fields: Any) -> PatternInfo:  # noqa: ANN401
        """Launch a process that will not be up, and return it once it is there."""
        # On a busy machine the answer may come later than its caller waits.
        with suppress(grpc.RpcError):
            self.launch(pattern, namespace, timeout=SHORT, **fields)
        return self.await_process(lambda found: found.pid > 0, f"ns:{namespace}:{pattern}")

    def terminate(self, process_id: str = "ns:orders:speaker", **fields: Any) -> Any:  # noqa: ANN401
        """Terminate a process."""
        return self.people.TerminatePattern(TerminateRequest(process_id=process_id, **fields), timeout=CALL_SECONDS)

    def assign(
        self,
        version: int,
        namespace: str = "orders",
        pattern: str = "speaker",
        timeout: float = CALL_SECONDS,
        **settings: str,
    ) -> Any:  # noqa: ANN401 - an acknowledgement
        """Assign a process as the admin does; a double underscore in a setting's name stands for a dot."""
        told = {name.replace("__", "."): value for name, value in settings.items()}
        config = ProcessConfig(pattern=PatternProcessConfig(pattern_type=pattern, settings=told))
        assignment = ProcessAssignment(
            process_id=f"ns:{namespace}:{pattern}",
            process_type="pattern",
            namespace=namespace,
            config=config,
            version=version,
        )
        return self.admin.AssignProcess(assignment, timeout=timeout)

    def revoke(self, process_id: str = "ns:orders:speaker", *, purge: bool = False) -> tuple[Any, dict[str, str]]:
        """Revoke a process as the admin does; return the answer and its trailing metadata."""
        metadata = (("x-prism-purge", "1"),) if purge else ()
        request = ProcessRevocation(launcher_id="launcher-1", process_id=process_id, graceful_timeout_seconds=5)
        answer, call = self.admin.RevokeProcess.with_call(request, timeout=CALL_SECONDS, metadata=metadata)
        return answer, {str(key): str(value) for key, value in call.trailing_metadata()}

    def processes(self) -> dict[str, PatternInfo]:
        """Return every process by id."""
        listed = self.people.ListPatterns(ListPatternsRequest(), timeout=CALL_SECONDS)
        return {each.process_id: each for each in listed.patterns}

    def await_process(
        self,
        check: Callable[[PatternInfo], bool],
        process_id: str = "ns:orders:speaker",
        seconds: float = UP_SECONDS,
    ) -> PatternInfo:
        """Return a process once something is so of it."""

        def look() -> PatternInfo | None:
            found = self.processes().get(process_id)
            return found if found and check(found) else None

        found = wait_until(look, seconds=seconds, what=f"a change of {process_id}")
        assert found is not None
        return found

    def await_state(
        self, state: ProcessState.ValueType, process_id: str = "ns:orders:speaker", seconds: float = UP_SECONDS
    ) -> PatternInfo:
        """Return a process once it is in a state."""
        return self.await_process(lambda found: found.state == state, process_id, seconds)

    # === a process that the test speaks for ===

    def greet(self, info: PatternInfo, **fields: Any) -> Any:  # noqa: ANN401 - a response
        """Handshake for a process, with what it would say but for some fields."""
        said = {**identity(info), "pid": info.pid, "data_endpoint": info.address, **fields}
        return self.process.ProcessHandshake(ProcessHandshakeRequest(**said), timeout=CALL_SECONDS)

    def beat(self, info: PatternInfo, **fields: Any) -> Any:  # noqa: ANN401 - a response
        """Send a heartbeat for a process."""
        said = {**identity(info), "status": HEALTH_STATUS_HEALTHY, **fields}
        return self.process.ProcessHeartbeat(ProcessHeartbeatRequest(**said), timeout=CALL_SECONDS)

    # === what is seen from outside ===

    @property
    def log(self) -> Log:
        """What the launcher wrote."""
        return self._since(self.stack["launcher"].log)

    def log_of(self, process_id: str = "ns:orders:speaker") -> Log:
        """What a process wrote."""
        name = f"{self.stack['launcher'].key}/{process_id}"
        report = next(each for each in self.stack["launcher"].lease.ask("list") if each["name"] == name)
        return self._since(ServiceLog(Path(report["log"])))

    def mark(self) -> None:
        """Forget what was written so far."""
        logs = [*self.stack["launcher"].lease.folder.glob("*.log"), self.stack["launcher"].log.path]
        self.marks = {path: path.stat().st_size for path in logs}

    def _since(self, log: ServiceLog) -> Log:
        return Log(log, self.marks.get(log.path, 0))

    def at_keeper(self) -> dict[str, int]:
        """Return the pids of the processes that the keeper runs for the launcher, by name."""
        started = [each for each in self.stack.started_by_services() if each["state"] != "exited"]
        return {each["name"].partition("/")[2]: each["pid"] for each in started}

    def kill_and_restart(self) -> None:
        """Kill the launcher as `kill -9` does, and start it again on its port and its file."""
        self.stack["launcher"].kill()
        self.stack["launcher"].restart()
        wait_until(self.answers, seconds=UP_SECONDS, what="a connection to the launcher")

    def answers(self) -> bool:
        """Tell whether a call succeeds."""
        try:
            self.processes()
        except grpc.RpcError:
            return False
        return True


def identity(info: PatternInfo) -> dict[str, str]:
    """Return how a process introduces itself, with the token that was given to it."""
    token = processes.environment(info.pid)["PRISM_LAUNCH_TOKEN"]
    return {"process_id": info.process_id, "launch_token": token}


@dataclass
class Patterns:
    """A folder of patterns."""

    folder: Path

    def add(self, name: str, executable: str | Path, *arguments: str, more: str = "") -> Path:
        """Write a manifest; return its folder."""
        home = self.folder / name
        home.mkdir(parents=True, exist_ok=True)
        words = ", ".join(map(json.dumps, arguments))
        lines = [
            f"name = '{name}'",
            "version = '1'",
            f"executable = '{executable}'",
            "isolation = ['namespace', 'none']",
            f"arguments = [{words}]",
            more,
        ]
        (home / "manifest.toml").write_text("\n".join(lines))
        return home

    def add_speaker(self, name: str = "speaker", *words: str, more: str = "") -> Path:
        """Write the manifest of one that does as a launcher wants; words make it misbehave."""
        return self.add(name, sys.executable, str(PROGRAMS / "speak_launcher.py"), *words, more=more)

    def add_script(self, name: str, script: str, more: str = "") -> Path:
        """Write the manifest of a shell script, which starts in a millisecond."""
        home = self.add(name, "./program", more=more)
        (home / "program").write_text(f"#!/bin/sh\n{script}\n")
        (home / "program").chmod(0o755)
        return home


def launcher_stack(state: Path, patterns: Path, *arguments: str) -> Stack:
    """Describe a prism-launcher alone."""
    command: tuple[str | Path, ...] = (
        *(sys.executable, "-m", "prism_stack.launcher"),
        *("--listen", "{control}"),
        *("--state", state),
        *("--patterns", patterns),
        *arguments,
    )
    return Stack(
        name="launcher",
        services=(Service(name="launcher", command=command, ports={"control": FREE}, ready=Notify()),),
    )


def begin(stacks: StackScope, state: Path, patterns: Patterns, *arguments: str) -> Launcher:
    """Start a prism-launcher."""
    stack = stacks.start(launcher_stack(state, patterns.folder, *GENTLE, *arguments))
    channel = open_channel(stack.address("launcher.control"))
    return Launcher(
        stack=stack,
        patterns=patterns,
        channel=channel,
        people=PatternLauncherStub(channel),
        admin=ControlPlaneStub(channel),
        process=LauncherControlStub(channel),
    )


def emptied(launcher: Launcher) -> Iterator[Launcher]:
    """Lend a launcher that others use too: nothing was written in it yet, and no process is left in it."""
    launcher.mark()
    yield launcher
    for process_id in launcher.processes():
        launcher.terminate(process_id, force=True)


@pytest.fixture
def patterns(tmp_path: Path) -> Patterns:
    """A folder of patterns of the test's own, with one that does as a launcher wants."""
    found = Patterns(tmp_path / "patterns")
    found.add_speaker()
    return found


@pytest.fixture
def start_launcher(test_stacks: StackScope, tmp_path: Path, patterns: Patterns) -> Iterator[Callable[..., Launcher]]:
    """Start a prism-launcher with arguments of the test's, on the patterns that are there by then."""
    started: list[Launcher] = []

    def start(*arguments: str) -> Launcher:
        started.append(begin(test_stacks, tmp_path / "launcher.json", patterns, *arguments))
        return started[-1]

    yield start
    for each in started:
        each.channel.close()


@pytest.fixture(scope="module")
def shared_launcher(module_stacks: StackScope, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    """A prism-launcher for all tests of a module, with patterns of every kind."""
    folder = tmp_path_factory.mktemp("launcher")
    patterns = Patterns(folder / "patterns")
    patterns.add_speaker()
    patterns.add_speaker("other")
    patterns.add_speaker("ailing", "unwell")
    patterns.add_speaker("stubborn", "stubborn")
    patterns.add_speaker("family", "daemon")
    patterns.add_speaker("removing", "removes=7")
    patterns.add_speaker("limited", more="[limits]\nopen_files = 123")
    patterns.add_script("spoilt", "exec sleep 600")
    patterns.add_script("mute", MUTE, more="[probe]\ntimeout = '10m'")
    launcher = begin(module_stacks, folder / "launcher.json", patterns)
    yield launcher
    launcher.channel.close()


@pytest.fixture
def launcher(shared_launcher: Launcher) -> Iterator[Launcher]:
    """A prism-launcher without processes, in which nothing was written yet."""
    yield from emptied(shared_launcher)


@pytest.fixture
def alive() -> Callable[[int], bool]:
    """Says whether a process runs; a zombie does not."""
    return lambda pid: processes.state(pid) not in {"", "Z", "X"}


@pytest.fixture
def descriptors() -> Callable[[int], int]:
    """Counts the open descriptors of a process."""
    return lambda pid: len(list(Path(f"/proc/{pid}/fd").iterdir()))
