"""Processes, wishes, and a crew that spawns nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import pytest

from prism_stack.launcher.crew import Crew, Exit, Job
from prism_stack.launcher.endings import Endings
from prism_stack.launcher.errors import LaunchFailed, StateFailed
from prism_stack.launcher.launches import Launches
from prism_stack.launcher.life import Life, Stage
from prism_stack.launcher.manifest import Isolation, Pattern
from prism_stack.launcher.process import Process
from prism_stack.launcher.roster import Roster
from prism_stack.launcher.runner import Stopped
from prism_stack.launcher.starter import Starter, Surroundings
from prism_stack.launcher.state import StateFile
from prism_stack.launcher.supervisor import Rules, Supervisor
from prism_stack.launcher.wish import Wish

ID = "ns:orders:keyvalue"
BOTH = frozenset(Isolation)


def pattern_of(name: str = "keyvalue", executable: str = "/bin/true", **fields: object) -> Pattern:
    """Return a pattern."""
    known: dict[str, object] = {"version": "1", "folder": Path("/patterns") / name, "isolation": BOTH}
    return Pattern(name=name, executable=executable, **{**known, **fields})  # type: ignore[arg-type]


def wish_of(process_id: str = ID, version: int = 0, **fields: object) -> Wish:
    """Return a wish for a process of a namespace, or a shared one."""
    kind, _, rest = process_id.partition(":")
    namespace, _, pattern = rest.rpartition(":") if kind == "ns" else ("", "", rest)
    return Wish(
        process_id=process_id,
        pattern=pattern,
        namespace=namespace,
        version=version,
        **fields,  # type: ignore[arg-type]
    )


def process_of(stage: Stage, process_id: str = ID, *, version: int = 0, **life: object) -> Process:
    """Return a process in a stage, alive where that stage is."""
    alive = {"pid": 100, "start_time": 7, "token": "secret", "spawned_at": 0.0}
    facts = alive if stage in {Stage.STARTING, Stage.RUNNING, Stage.TERMINATING} else {}
    born = Life(stage=stage, **{**facts, **life})  # type: ignore[arg-type]
    return Process(wish=wish_of(process_id, version), life=born, port=1234)


@dataclass
class FakeClock:
    """Seconds that pass when a test says so."""

    now: float = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@dataclass
class FakeLog:
    """A log without content."""

    def size(self) -> int:
        """Return how much there is."""
        return 0


@dataclass
class FakeCrew:
    """Keeps account of what was asked of a keeper; processes end when a test says so, or when they are ended."""

    alive: dict[str, int] = field(default_factory=dict)
    jobs: list[Job] = field(default_factory=list)
    ends: list[tuple[str, tuple[tuple[int, float], ...]]] = field(default_factory=list)
    told: list[Exit] = field(default_factory=list)
    held: set[int] = field(default_factory=set)
    killed: list[str] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    refuses: str = ""
    pids: int = 100
    on_spawn: Callable[[], None] = lambda: None
    on_end: Callable[[], None] = lambda: None

    def hold(self, host: str, port: int) -> int:
        """Hold a port."""
        del host
        if port in self.held:
            raise LaunchFailed(f"{port} is in use")
        number = port or 40_000 + len(self.jobs) + len(self.held)
        self.held.add(number)
        return number

    def release(self, host: str, port: int) -> None:
        """Give it back."""
        del host
        self.held.discard(port)

    def spawn(self, job: Job) -> tuple[int, int]:
        """Start it, unless it is there already as with a keeper."""
        self.on_spawn()
        if self.refuses or job.process_id in self.alive:
            raise LaunchFailed(self.refuses or f"{job.process_id} is already there")
        self.pids += 1
        self.jobs.append(job)
        self.alive[job.process_id] = self.pids
        return self.pids, 7

    def die(self, process_id: str, status: int = 3) -> None:
        """Let a process end."""
        self.told.append(Exit(process_id=process_id, pid=self.alive.pop(process_id), status=status))

    def kill(self, process_id: str) -> None:
        """Kill it; that it has ended is told later."""
        self.killed.append(process_id)
        if process_id in self.alive:
            self.die(process_id, -9)

    def end(self, process_id: str, steps: tuple[tuple[int, float], ...]) -> int:
        """End it."""
        self.on_end()
        self.ends.append((process_id, steps))
        self.alive.pop(process_id, None)
        return 0

    def forget(self, process_id: str) -> None:
        """Take note that nobody asks for it any more."""
        self.forgotten.append(process_id)

    def running(self) -> dict[str, tuple[int, int]]:
        """Return what runs."""
        return {process_id: (pid, 7) for process_id, pid in self.alive.items()}

    def statuses(self) -> dict[str, int]:
        """Return how those ended that have and of which a launcher was not told."""
        return {ended.process_id: ended.status for ended in self.told}

    def exits(self) -> list[Exit]:
        """Return what ended since the last call."""
        taken, self.told = self.told, []
        return taken

    def log(self, process_id: str) -> FakeLog:
        """Return an empty log."""
        del process_id
        return FakeLog()

    def last_words(self, process_id: str, since: int) -> str:
        """Return what it wrote."""
        del process_id, since
        return "no such thing"

    def descriptors(self) -> tuple[int, int]:
        """Return none that could be read."""
        raise AssertionError


@dataclass
class FakeState:
    """Keeps the last saved table in memory, or fails as a full disk does."""

    saved: list[Process] = field(default_factory=list)
    fails: Exception | None = None

    def save(self, processes: list[Process]) -> None:
        """Take note."""
        if self.fails:
            raise self.fails
        self.saved = list(processes)


@dataclass
class World:
    """The parts of a launcher around a fake crew."""

    clock: FakeClock
    crew: FakeCrew
    state: FakeState
    rules: Rules = field(default_factory=Rules)
    stopped: Stopped = field(default_factory=lambda: Stopped(drained=True))
    asked: list[tuple[str, float, bool]] = field(default_factory=list)
    on_ask: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        crew = cast("Crew", self.crew)
        self.roster = Roster(cast("StateFile", self.state))
        patterns = {"keyvalue": pattern_of()}
        surroundings = Surroundings(launcher="127.0.0.1:7070", environment={})
        starter = Starter(crew, patterns, surroundings)
        self.supervisor = Supervisor(self.roster, crew, starter, self.rules, self.clock)
        self.supervisor._chance = lambda: 0.5
        self.endings = Endings(self.roster, crew, self.supervisor, self._ask_to_stop)
        self.launches = Launches(self.roster, self.supervisor, self.endings)

    def _ask_to_stop(self, endpoint: str, grace: float, *, purge: bool) -> Stopped:
        self.asked.append((endpoint, grace, purge))
        self.on_ask()
        return self.stopped

    def hear(self, process_id: str) -> None:
        """Have a process heard of just now."""
        process = self.roster.get(process_id)
        self.roster.put(replace(process, life=replace(process.life, heard_at=self.clock.now)))

    def fill_disk(self) -> None:
        """Let no state be written any more."""
        self.state.fails = StateFailed(Path("/state"), OSError(28, "No space left on device"))

    def up(self, process_id: str = ID, **fields: object) -> Process:
        """Have a process that runs."""
        begun = self.supervisor.begin(wish_of(process_id, **fields))  # type: ignore[arg-type]
        life = replace(begun.life, stage=Stage.RUNNING, is_greeted=True, control_endpoint="here:1", is_healthy=True)
        up = replace(begun, life=replace(life, heard_at=self.clock.now, due=float("inf")))
        self.roster.put(up)
        return up


@pytest.fixture
def world() -> Iterator[World]:
    """A launcher without processes."""
    world = World(FakeClock(), FakeCrew(), FakeState())
    yield world
    os.close(world.supervisor._news)
