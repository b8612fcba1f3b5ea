"""The program that a trial of survival cuts short: started, followed to the moment, and its victim found in it."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.failure import MeasurementFailed
from bench.torture.death import CONTROLLER, KEEPER, WARDEN, WORKER, WORKING
from bench.torture.life import OVER, RUNNING, STOPPING
from bench.torture.scene import Expected, listening
from ziggurat.errors import ConditionTimeout
from ziggurat.keeper import processes
from ziggurat.waiting import wait_until

if TYPE_CHECKING:
    import subprocess

    from bench.torture.death import Death
    from bench.torture.scene import Scene

PATIENCE = 60.0
IN_TESTS = Path(__file__).with_name("life_in_tests.py")
PLUGINS = ("-p", "xdist", "-p", "ziggurat.pytest_plugin", "-p", "no:cacheprovider")


class Subject:
    """One program and the death that it is to die."""

    def __init__(self, place: Scene, death: Death) -> None:
        """Start it."""
        self.death = death
        self._place = place
        self._told = place.folder.with_name("told")
        self._process = self._begun()

    def await_moment(self) -> int:
        """Wait until the victim is there and its moment has come; return its pid."""
        try:
            teller = self._await_step(self.death.step)
            # The one pause here that waits for nothing: the moment of the kill is to be any.
            time.sleep(self.death.seconds)
            return self._victim(teller)
        except ConditionTimeout as error:
            raise MeasurementFailed(f"{self.death}: {error}; it printed: {self._place.said()}") from error

    def expected(self, victim: int) -> Expected:
        """Return what must go with the victim."""
        pids = processes.descendants(os.getpid())
        return Expected(
            victim=victim,
            # Both workers have ports, and only one of them dies.
            ports=frozenset() if self.death.victim == WORKER else listening(pids),
            spared=0 if self.death.victim == CONTROLLER else self._process.pid,
            with_family=self.death.victim == WORKER,
            # Other tests go on without a keeper, and may start what they like.
            among=frozenset((pid, processes.start_time(pid)) for pid in pids) if self.death.tests else None,
        )

    def kill(self) -> None:
        """End what of it was spared."""
        self._process.kill()

    def _begun(self) -> subprocess.Popen[bytes]:
        base = str(self._told.with_name("pytest"))
        if self.death.tests:
            words = (*self.death.tests, "--tier", "integration", "-p", "no:cacheprovider", "--basetemp", base)
            return self._place.start("-m", "pytest", *words)
        if not self.death.is_of_tests:
            return self._place.start("-m", "bench.torture.life", str(self._told), *self.death.kinds)
        root = ("-c", os.devnull, "--rootdir", str(self._told.parent), "--basetemp", base)
        return self._place.start(
            *("-m", "pytest", str(IN_TESTS), *root, *PLUGINS, "-n", "2", "--max-worker-restart", "0"),
            env={
                "LIFE": " ".join((str(self._told), *self.death.kinds)),
                # The others that may be installed cost a run more than all the rest of it.
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            },
        )

    def _await_step(self, step: str) -> int:
        """Wait until a step is made and return the pid that makes it."""
        if step == WORKING:
            wait_until(lambda: listening(self._family()), seconds=PATIENCE, what="the services of the tests")
            return self._process.pid
        if step == STOPPING:
            self._await_step(RUNNING)
            Path(f"{self._told}.go").touch()
        return wait_until(lambda: self._teller(step), seconds=PATIENCE, what=f"the step {step}") or 0

    def _teller(self, step: str) -> int:
        lines = self._told.read_text().splitlines() if self._told.exists() else []
        if self._process.poll() is not None and not self._is_over():
            raise MeasurementFailed(f"{self.death}: it ended before; it printed: {self._place.said()}")
        return next((int(line.split()[1]) for line in lines if line.startswith(step)), 0)

    def _is_over(self) -> bool:
        """Say whether the life came to its end before its victim was met."""
        return self._told.exists() and f"{OVER} " in self._told.read_text()

    def _victim(self, teller: int) -> int:
        match self.death.victim:
            case "controller":
                return self._process.pid
            case "worker":
                return teller
            case name:
                # A keeper that has ended in the meantime leaves its owner to be killed.
                return wait_until(
                    lambda: self._guardians().get(name, 0) or (self._is_over() and self._process.pid),
                    seconds=PATIENCE,
                    what=f"a {name}",
                )

    def _guardians(self) -> dict[str, int]:
        """Return the pids of the warden and of the keeper, as far as they are there."""
        wardens = filter(is_guardian, processes.children(self._process.pid))
        for warden in wardens:
            keeper = next(filter(is_guardian, processes.children(warden)), 0)
            return {WARDEN: warden, KEEPER: keeper}
        return {}

    def _family(self) -> list[int]:
        return processes.descendants(self._process.pid)


def is_guardian(pid: int) -> bool:
    """Say whether a process is a warden, or the keeper that one has forked."""
    return "ziggurat/keeper" in processes.command(pid)
