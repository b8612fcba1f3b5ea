"""The keeper: what a spawn through it costs, and how soon an exit is seen."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from functools import partial
from itertools import count
from typing import IO, TYPE_CHECKING, Any

from bench import limit
from bench.row import Goal, difference
from bench.sample import alternately
from ziggurat import Service, own
from ziggurat.service import for_keeper

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.effort import Effort
    from bench.row import Row
    from ziggurat import Lease

ROUNDS = 300
SPAWN_GOAL = Goal(at_most=0.3e-3)
EXIT_GOAL = Goal(at_most=0.5e-3)
TRUE = "/bin/true"
SLEEP = ("/bin/sleep", "60")


class Kept:
    """Programs that a keeper spawns."""

    def __init__(self, lease: Lease) -> None:
        """Spawn over this lease."""
        self._lease = lease
        self._numbers = count(1)

    def describe(self, *argv: str) -> dict[str, Any]:
        """Describe a program to the keeper, under a name of its own."""
        name = f"bench-{next(self._numbers)}"
        return {
            "name": name,
            "argv": list(argv),
            "env": dict(os.environ),
            "log": str(self._lease.folder / "bench.log"),
            **for_keeper(Service(name=name, command=argv)),
        }

    def wait_for(self, kind: str, name: str) -> dict[str, Any]:
        """Wait until the keeper tells this of a program."""
        while True:
            for event in self._lease.events():
                if event["event"] == kind and event["service"] == name:
                    return event
            select.select([self._lease.fileno()], [], [])

    def spawn(self) -> float:
        """Return the seconds from asking for a program to knowing its pid."""
        program = self.describe(TRUE)
        began = time.perf_counter()
        self._lease.ask("start", spec=program)
        elapsed = time.perf_counter() - began
        self.wait_for("exited", program["name"])
        self.forget(program["name"])
        return elapsed

    def spawn_to_exit(self) -> float:
        """Return the seconds from asking for a program to seeing its exit."""
        program = self.describe(TRUE)
        began = time.perf_counter()
        self._lease.ask("start", spec=program)
        self.wait_for("exited", program["name"])
        elapsed = time.perf_counter() - began
        self.forget(program["name"])
        return elapsed

    def kill_to_exit(self) -> float:
        """Return the seconds from a SIGKILL to seeing the exit."""
        program = self.describe(*SLEEP)
        pid = self._lease.ask("start", spec=program)["pid"]
        self._settle()
        began = time.perf_counter()
        os.kill(pid, signal.SIGKILL)
        self.wait_for("exited", program["name"])
        elapsed = time.perf_counter() - began
        self.forget(program["name"])
        return elapsed

    def forget(self, name: str) -> None:
        """Have the keeper forget a program that ended."""
        self._lease.ask("stop", service=name, steps=[])
        self._lease.ask("remove", service=name)

    def _settle(self) -> None:
        """Let the keeper finish what follows a spawn, and the program what follows its own."""
        self._lease.ask("list")
        time.sleep(limit.PAUSE)


def measure(effort: Effort) -> Iterator[Row]:
    """Compare with spawning directly."""
    rounds = effort.rounds(ROUNDS)
    with own() as lease, (lease.folder / "direct.log").open("ab") as log:
        kept = Kept(lease)
        ours, base = alternately(rounds, kept.spawn, partial(_popen, log, dict(os.environ)))
        yield difference("spawn → pid known, over subprocess.Popen", ours, base, goal=SPAWN_GOAL)
        opened_to_exit = partial(_popen_to_exit, log, dict(os.environ))
        ours, spawned, opened = alternately(rounds, kept.spawn_to_exit, _posix_spawn_to_exit, opened_to_exit)
        yield difference("spawn → exit seen, over subprocess.Popen", ours, opened, goal=SPAWN_GOAL)
        yield difference("spawn → exit seen, over posix_spawn + waitpid", ours, spawned)
        ours, base = alternately(rounds, kept.kill_to_exit, _kill_to_exit)
        yield difference("SIGKILL → exit seen, over waitpid", ours, base, goal=EXIT_GOAL)
        lease.end()


def _posix_spawn_to_exit() -> float:
    began = time.perf_counter()
    os.waitpid(os.posix_spawn(TRUE, [TRUE], os.environ), 0)
    return time.perf_counter() - began


def _popen(log: IO[bytes], environment: dict[str, str]) -> float:
    began = time.perf_counter()
    process = _open(log, environment)
    elapsed = time.perf_counter() - began
    process.wait()
    return elapsed


def _popen_to_exit(log: IO[bytes], environment: dict[str, str]) -> float:
    began = time.perf_counter()
    _open(log, environment).wait()
    return time.perf_counter() - began


def _open(log: IO[bytes], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Give the program what the keeper gives it: a session, a log and an environment."""
    return subprocess.Popen(
        [TRUE], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True
    )


def _kill_to_exit() -> float:
    pid = os.posix_spawn(SLEEP[0], SLEEP, os.environ)
    time.sleep(limit.PAUSE)
    began = time.perf_counter()
    limit.end(pid)
    return time.perf_counter() - began
