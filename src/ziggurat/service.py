"""A service that was started: where it listens, what it wrote, and what can be done to it."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ziggurat import limit, outage
from ziggurat.binary import Binary, binary_of
from ziggurat.errors import Ending, KeeperLost, NotRunning
from ziggurat.fault import Story
from ziggurat.readiness import Readiness
from ziggurat.spec import Endpoint, LogLine, Notify
from ziggurat.template import lookup
from ziggurat.waiting import wait_until

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from ziggurat.lease import Lease
    from ziggurat.log import ServiceLog
    from ziggurat.spec import Limits, Service

STOPPED_SECONDS = 2.0
"""A signal that stops or continues takes effect in well under a millisecond; past this it was lost."""


@dataclass(slots=True, kw_only=True)
class RunningService:
    """One service of a running stack."""

    spec: Service
    key: str
    """Its name at the keeper, where several stacks may have a service of one name."""
    lease: Lease
    log: ServiceLog
    endpoints: dict[str, Endpoint]
    program: str = ""
    log_start: int = 0
    """Where the log stood when it was spawned last."""
    told: dict[str, str] = field(default_factory=dict)
    """What it said on its notify socket."""
    spawned_pid: int = 0
    """The main process of the latest start; what the keeper tells of an earlier one is history."""
    down: str = ""
    """How it was taken down on purpose, until it is started again."""

    @property
    def name(self) -> str:
        """Its name in the stack."""
        return self.spec.name

    # === what is known of it ===

    def endpoint(self, name: str) -> Endpoint | None:
        """Return an endpoint, or None while its port is not known; raise ``UnknownName`` for an undeclared one."""
        found = lookup({self.name: self.endpoints}, self.name, name)
        return found if found.port else None

    def address(self, name: str) -> str:
        """Return ``host:port`` of an endpoint of the running service."""
        return str(lookup({self.name: self.endpoints}, self.name, name))

    def report_port(self, name: str, number: int) -> None:
        """Take note of a port that the service reported."""
        if name in self.spec.ports and self.spec.ports[name].reported:
            self.endpoints[name] = Endpoint(self.endpoints[name].host, number)

    def facts(self) -> dict[str, Any]:
        """Return what the keeper knows: state, pid, exit status, restarts, build id, uptime in seconds."""
        reports: list[dict[str, Any]] = self.lease.ask("list")
        return next((report for report in reports if report["name"] == self.key), {"state": "removed", "pid": 0})

    @property
    def binary(self) -> Binary:
        """The program that it runs, and whether it was rebuilt since; raise ``NotRunning`` once it is forgotten."""
        facts = self.facts()
        if facts["state"] == "removed":
            raise NotRunning(self.name, facts["state"])
        return binary_of(facts)

    def is_forgotten(self) -> bool:
        """Say whether its stack was stopped, or its keeper is gone: nothing can be done to it any more."""
        try:
            return bool(self.facts()["state"] == "removed")
        except KeeperLost:
            return True

    @property
    def pid(self) -> int:
        """The pid of its main process; raise ``NotRunning`` where there is none."""
        facts = self.facts()
        if facts["state"] not in {"running", "stopping"}:
            raise NotRunning(self.name, facts["state"])
        return int(facts["pid"])

    # === what can be done to it ===

    def paused(self) -> AbstractContextManager[object]:
        """Have it and all that it started stand still (SIGSTOP) as long as the body runs.

        Raises ``FaultNotEffective`` where one of them does not, or somebody let it go on meanwhile.
        """
        return outage.paused(self)

    def killed(self) -> AbstractContextManager[Ending]:
        """Have it killed, and started again on the same ports when the body ends; it is ready then.

        Raises ``NotRunning`` where there is nothing to kill, ``FaultNotEffective`` where it ended by itself.
        """
        return outage.killed(self)

    def terminated(self, seconds: float | None = None) -> AbstractContextManager[Ending]:
        """Have it stopped as by ``terminate``, and started again on the same ports when the body ends.

        Raises ``FaultNotEffective`` where it did not end in time and had to be killed.
        """
        return outage.terminated(self, seconds)

    def limited(self, limits: Limits) -> AbstractContextManager[object]:
        """Have it and all that it started run under further limits as long as the body runs.

        What it has beyond them it keeps; it can have no more. Raises ``FaultNotEffective`` where it lifted them itself.
        """
        return limit.limited(self, limits)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to its main process; raise ``NotRunning`` where there is none."""
        self._send(int(number), whole=False)

    def kill(self) -> Ending:
        """Kill it and all that belongs to it; return when nothing is left."""
        return self._take_down("killed", steps=[])

    def terminate(self, seconds: float | None = None) -> Ending:
        """Stop it as declared, or with SIGTERM and so many seconds; return when nothing is left of it."""
        return self._take_down("terminated", steps=None if seconds is None else [[int(signal.SIGTERM), seconds]])

    def pause(self) -> None:
        """Stop it and all that it started in their tracks (SIGSTOP); return when they stand still."""
        self._send(signal.SIGSTOP, whole=True)
        wait_until(lambda: self.facts()["paused"], seconds=STOPPED_SECONDS, what=f"{self.name} to stand still")
        self.story("paused").tell(on=True)

    def resume(self) -> None:
        """Let it and all that it started go on (SIGCONT)."""
        self._send(signal.SIGCONT, whole=True)
        wait_until(lambda: not self.facts()["paused"], seconds=STOPPED_SECONDS, what=f"{self.name} to go on")
        self.story("paused").tell(on=False)

    def spawn_again(self) -> None:
        """Start it again on the same ports, without waiting until it is ready."""
        self.log_start = self.log.size()
        self.told.clear()
        for name, port in self.spec.ports.items():
            self.report_port(name, port.number)
        self.spawned_pid = self.lease.ask("again", service=self.key)["pid"]
        if self.down:
            self.story(self.down).tell(on=False)
        self.down = ""

    def restart(self) -> None:
        """Stop it, start it again on the same ports, and return when it is ready.

        Raises ``ServiceExited`` or ``NotReady``.
        """
        # No fault: at its end nothing is missing, and what happens meanwhile the keeper tells.
        self._stop(steps=None)
        self.bring_back()

    def bring_back(self) -> None:
        """Start it again on the same ports after its end, and return when it is ready.

        Raises ``ServiceExited`` or ``NotReady``.
        """
        self.spawn_again()
        readiness = Readiness(self.lease)
        readiness.add(self.name, self, self.spec.ready, self.spec.start_seconds)
        readiness.wait_all()

    def wait_ended(self, seconds: float) -> Ending:
        """Wait until it has ended by itself and return how."""
        facts = wait_until(
            lambda: (found := self.facts())["state"] == "exited" and found,
            seconds=seconds,
            what=f"the end of {self.name}",
        )
        return Ending(facts["exit_status"])

    def hear(self, told: dict[str, str]) -> None:
        """Take note of what it said on its notify socket, endpoints among it."""
        self.told |= told
        for name, value in told.items():
            if name.startswith(ENDPOINT_PREFIX):
                self.report_port(name.removeprefix(ENDPOINT_PREFIX).lower(), Endpoint.parse(value).port)

    def look_for_ports(self) -> list[str]:
        """Look where it listens, for a reported port that nobody told; return the endpoints that stay unknown.

        Which port belongs to which name is never guessed: one unknown endpoint, one port that is not another's.
        """
        unknown = [name for name, endpoint in self.endpoints.items() if not endpoint.port]
        if len(unknown) != 1:
            return unknown
        known = {endpoint.port for endpoint in self.endpoints.values()}
        listening = {number for _, number in self.lease.ask("addresses", service=self.key)} - known
        if len(listening) != 1:
            return unknown
        self.report_port(unknown[0], listening.pop())
        return []

    def _send(self, number: int, *, whole: bool) -> None:
        try:
            self.lease.ask("signal", service=self.key, signal=number, whole=whole)
        except NotRunning as error:
            raise NotRunning(self.name, error.state) from None

    def _take_down(self, how: str, steps: list[list[float]] | None) -> Ending:
        ending = self._stop(steps)
        self.down = how
        self.story(how).tell(on=True)
        return ending

    def _stop(self, steps: list[list[float]] | None) -> Ending:
        facts = self.lease.ask("stop", service=self.key, steps=steps)
        return Ending(facts["exit_status"] or 0)

    def refuse_unless_alone(self) -> None:
        """Raise ``NotExclusive`` where its stack is shared: before a fault of which the keeper knows nothing."""
        self.lease.ask("change", service=self.key)

    def story(self, what: str) -> Story:
        """Return how a fault of it is told."""
        return Story(lease=self.lease, service=self.key, what=what)


ENDPOINT_PREFIX = "X_ENDPOINT_"


def for_keeper(spec: Service, folder: Path | None = None) -> dict[str, object]:
    """Return the part of a service's description that the keeper needs and that no endpoint changes.

    A relative working folder is one below the folder given, or below this process's own.
    """
    return {
        "cwd": str((folder or Path.cwd()) / spec.cwd) if spec.cwd else None,
        "log_bound": spec.log_bound,
        "limits": {"open_files": spec.limits.open_files, "memory": spec.limits.memory},
        "stop": [[int(ask.signal), ask.seconds] for ask in spec.stop],
        "restart": spec.restart.value,
        "on_orphan": spec.on_orphan.value,
        "notify_access": "all" if isinstance(spec.ready, Notify) and spec.ready.from_tree else "main",
        "tells_growth": isinstance(spec.ready, LogLine),
        "dump": int(spec.dump or 0),
    }
