"""A service that is no process: its state, and what changes it."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ziggurat.errors import NotRunning
from ziggurat.testing.script import Script

Emit = Callable[..., None]

FIRST_PID = 1 << 22
"""Above whatever the kernel gives to a process, so that no signal can reach one."""


class FakeProcess:
    """A service as the fake keeper has it; ``emit`` is told what happens to it, as by a real one."""

    def __init__(self, spec: dict[str, Any], script: Script, emit: Emit) -> None:
        """Be known, and not started yet."""
        self.spec = spec
        self.script = script
        self.state = "idle"
        self.pid = 0
        self.is_paused = False
        self.exit_status: int | None = None
        self.restarts = 0
        self._emit = emit

    @property
    def name(self) -> str:
        """Its name at the keeper."""
        return str(self.spec["name"])

    def spawn(self, pid: int) -> None:
        """Begin, and do what the script says."""
        self.pid, self.state, self.exit_status, self.is_paused = pid, "running", None, False
        self._emit("spawned", self.name, pid=pid, restarts=self.restarts, log=self.spec["log"])
        self.write(self.script.log)
        if self.script.exit_status is not None:
            self.end(self.script.exit_status)
        elif self.script.is_ready:
            self._emit("notified", self.name, pid=pid, told={"READY": "1", **self.script.told})

    def write(self, lines: tuple[str, ...]) -> None:
        """Add lines to its log."""
        with Path(self.spec["log"]).open("a") as log:
            log.writelines(f"{line}\n" for line in lines)
            size = log.tell()
        self._emit("grew", self.name, size=size)

    def signal(self, number: int) -> None:
        """Do what a signal brings about; raise ``NotRunning`` where there is nobody to get it."""
        if self.state != "running":
            raise NotRunning(self.name, self.state)
        self._emit("signalled", self.name, signal=number, pid=self.pid)
        if number in {signal.SIGSTOP, signal.SIGCONT}:
            self.is_paused = number == signal.SIGSTOP
        elif number != signal.SIGTERM or not self.script.ignores_sigterm:
            self.end(-number)

    def stop(self, steps: list[list[float]] | None) -> None:
        """Be asked by each step's signal, and at last killed."""
        for number, _ in self.spec["stop"] if steps is None else steps:
            if self.state == "running":
                self.signal(int(number))
        if self.state == "running":
            self.end(-signal.SIGKILL)

    def end(self, status: int) -> None:
        """End with an exit code, or minus a signal."""
        self.state, self.exit_status = "exited", status
        self._emit("exited", self.name, status=status, pid=self.pid, asked=False)
        self._emit("gone", self.name)

    def report(self) -> dict[str, Any]:
        """Return what a keeper tells of a service; a fake has no build id."""
        return {
            "name": self.name,
            "program": self.spec["argv"][0],
            "state": self.state,
            "pid": self.pid,
            "started": 0,
            "paused": self.is_paused and self.state == "running",
            "exit_status": self.exit_status,
            "restarts": self.restarts,
            "told": self.script.told,
            "build_id": "",
            "uptime": 0.0,
            "log": self.spec["log"],
        }
