"""The whole Prism: from `prismctl local start` to a call, and what namespaces and patterns take on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from bench.calls import FirstAnswer
from bench.failure import MeasurementFailed
from bench.row import MILLISECONDS, SECONDS, Goal, alone
from bench.sample import Sample
from prism_stack import bootstrap, full_stack, stacks, workspace
from prism_stack.client import KeyValueClient
from prism_stack.clients.admin import AdminClient
from prism_stack.clients.launcher import LauncherClient
from ziggurat import Endpoint, Hooks, start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.effort import Effort
    from bench.row import Row
    from ziggurat import RunningStack

STARTS, OPERATIONS = 10, 30
START_GOAL, USABLE_GOAL, NEW_GOAL, RUNNING_GOAL = 1.5, 0.3, 0.15, 0.005
CALL_TIMEOUT = timedelta(seconds=15)
COMMAND_SECONDS = 60


def measure(effort: Effort) -> Iterator[Row]:
    """Time the command as a person waits for it, and then what is asked of a stack that runs."""
    programs = stacks.paths(workspace.programs(release=True))
    started = Sample.of(local_start() for _ in range(effort.rounds(STARTS)))
    what = "`prismctl local start`, typed → first answered call"
    yield alone(what, started, unit=SECONDS, goal=Goal(at_most=START_GOAL))
    rounds = effort.rounds(OPERATIONS)
    with full(programs) as running, admin_of(running) as admin, launcher_of(running) as launcher:
        usable = repeated(rounds, lambda: namespace_usable(running, admin))
        yield alone("namespace create → first answered call", usable, unit=MILLISECONDS, goal=Goal(at_most=USABLE_GOAL))
        new = repeated(rounds, lambda: launched_new(launcher))
        yield alone("LaunchPattern of a new process", new, unit=MILLISECONDS, goal=Goal(at_most=NEW_GOAL))
        known = repeated(rounds, lambda: timed(lambda: launcher.launch_pattern("keyvalue", namespace="default")))
        yield alone("LaunchPattern of a running process", known, unit=MILLISECONDS, goal=Goal(at_most=RUNNING_GOAL))


def local_start() -> float:
    """Return the seconds from typing the command to the first answered call; the stack is stopped again."""
    with tempfile.TemporaryDirectory(prefix="zg", dir="/tmp") as runtime:
        environment = {**os.environ, "XDG_RUNTIME_DIR": runtime, "ZIGGURAT_LIFELINE": str(os.getpid())}
        prismctl = [str(Path(sys.executable).parent / "prismctl"), "local"]
        began = time.perf_counter()
        start_it = [*prismctl, "start", "--release", "--ports", "auto", "--json"]
        done = subprocess.run(
            start_it, env=environment, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False
        )
        try:
            if done.returncode:
                raise MeasurementFailed(f"prismctl local start: {done.stderr}")
            address = json.loads(done.stdout)["addresses"]["proxy-1.data"]
            first = FirstAnswer(Endpoint.parse(address))
            answered = first.came()
            elapsed = time.perf_counter() - began
            first.close()
        finally:
            subprocess.run(
                [*prismctl, "stop"], env=environment, capture_output=True, timeout=COMMAND_SECONDS, check=False
            )
    if not answered:
        raise MeasurementFailed("the stack was called ready, but its first call was not answered")
    return elapsed


@contextmanager
def full(programs: dict[str, Path]) -> Iterator[RunningStack]:
    """Run a whole Prism."""
    layout = full_stack.free_layout()
    hooks = Hooks(prepare=lambda services: bootstrap.serve_default(services, layout))
    with start(full_stack.full_stack(programs, layout), hooks=hooks) as running:
        yield running


def admin_of(running: RunningStack) -> AdminClient:
    """Return a client of the stack's admin."""
    return AdminClient(running.address("admin.control"), timeout=CALL_TIMEOUT)


def launcher_of(running: RunningStack) -> LauncherClient:
    """Return a client of the stack's launcher."""
    return LauncherClient(running.address("launcher.control"), timeout=CALL_TIMEOUT)


def namespace_usable(running: RunningStack, admin: AdminClient) -> float:
    """Return the seconds from asking for a namespace to the answer of the first call on it."""
    name = f"bench-{uuid4().hex[:8]}"
    with KeyValueClient(running.address("proxy-1.data"), namespace=name) as client:
        began = time.perf_counter()
        admin.create_namespace(name)
        client.set("k", b"v")
        elapsed = time.perf_counter() - began
    admin.delete_namespace(name)
    return elapsed


def launched_new(launcher: LauncherClient) -> float:
    """Return the seconds that the launch of a process takes that was not there."""
    name = f"bench-{uuid4().hex[:8]}"
    elapsed = timed(lambda: launcher.launch_pattern("keyvalue", namespace=name))
    launcher.terminate_pattern(f"ns:{name}:keyvalue", force=True)
    return elapsed


def timed(action: Callable[[], object]) -> float:
    """Return the seconds that something takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def repeated(rounds: int, measured: Callable[[], float]) -> Sample:
    """Measure so many times, after once that is not counted."""
    measured()
    return Sample.of(measured() for _ in range(rounds))
