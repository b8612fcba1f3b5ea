"""Brings a stack up: all services that may start are spawned first, then awaited in one loop."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ziggurat import plan
from ziggurat.course import Course, Standing, critical_path, standings
from ziggurat.errors import KeeperLost, ProgramNotFound, ServiceExited, StartFailed, WorldError, ZigguratError
from ziggurat.lease import raise_first
from ziggurat.log import ServiceLog
from ziggurat.readiness import Readiness
from ziggurat.relayed import seen_by
from ziggurat.service import RunningService, for_keeper
from ziggurat.spec import Endpoint
from ziggurat.surroundings import Surroundings
from ziggurat.template import SCRATCH, fill, needs_scratch
from ziggurat.whole import Whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ziggurat.lease import Lease
    from ziggurat.spec import Port, Service, Stack

    Progress = Callable[[str, str], None]
    """Is told (service, what happened to it)."""
    Prepare = Callable[[Mapping[str, RunningService]], None]
    """Does what the whole needs once every service is ready, and before the whole is asked whether it is."""

STACK = "the stack"

_numbers = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What a start calls on its way."""

    progress: Progress = lambda *_: None
    prepare: Prepare = lambda _: None


NO_HOOKS = Hooks()


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A stack, and what its start calls on its way: for a run stack that is more than a description."""

    stack: Stack
    hooks: Hooks = NO_HOOKS


class Start:
    """One start of a stack: in the end everything is ready, or everything is gone."""

    def __init__(
        self, stack: Stack, lease: Lease, log_folder: Path, hooks: Hooks, surroundings: Surroundings | None
    ) -> None:
        """Plan the start, within these surroundings or this process's; raise ``SpecError`` for one that cannot be."""
        self.needs = plan.dependencies(stack)
        self.services: dict[str, RunningService] = {}
        self.held: list[Endpoint] = []
        self._stack = stack
        self._lease = lease
        self._folder = log_folder
        self._hooks = hooks
        self._given = surroundings
        self._readiness = Readiness(lease)
        self._spawned: dict[str, float] = {}
        self._ready: dict[str, float] = {}
        self._is_prepared = False

    def run(self) -> None:
        """Start everything and wait until all is ready.

        Raises ``ServiceExited``, ``NotReady``, ``ProgramNotFound`` or ``PortTaken`` after undoing what was done.
        """
        try:
            with self._lease.awaiting:
                self._bring_up()
        except KeeperLost:
            raise
        except StartFailed as failed:
            self._explain(failed)
            self.undo()
            raise
        except BaseException:
            self.undo()
            raise
        finally:
            self._readiness.close()

    def _bring_up(self) -> None:
        self._prepare()
        self._spawn_startable()
        while self._readiness:
            self._note(self._readiness.step())
            self._spawn_startable()

    def course(self) -> Course:
        """Return what has happened so far; the whole comes after all services."""
        whole = {name: frozenset(self.services) for name in self._spawned if name not in self.services}
        return Course(needs={**self.needs, **whole}, spawned=self._spawned, ready=self._ready, now=time.monotonic())

    def _explain(self, failed: StartFailed) -> None:
        if isinstance(failed, ServiceExited) and len(self.services) == 1:
            # All that there is to say of it has been said.
            return
        course = self.course()
        failed.standings = standings_of(course, self.services, self._lease.ask("list"))
        failed.path = critical_path(course)

    def undo(self) -> None:
        """Kill what was spawned and give the ports back."""
        spawned = [self.services[name] for name in self._spawned if name in self.services]
        self._lease.ask_all([("stop", {"service": service.key, "steps": []}) for service in spawned])
        keys = [service.key for service in spawned]
        forget(self._lease, [*keys, *stop_others(self._lease, keys, steps=[])], self.held)

    def _prepare(self) -> None:
        """Choose ports, and do what takes no port while the keeper binds them."""
        prefix = f"{self._stack.name}-{next(_numbers)}"
        bound = self._begin_to_hold()
        try:
            self._surroundings = self._given or Surroundings.present()
            logs = {service.name: self._new_log(f"{prefix}.{service.name}") for service in self._stack.services}
        finally:
            # Whatever happened here: what the keeper holds has to be given back.
            outcomes = bound()
            self.held = self._held_by(outcomes)
        raise_first(outcomes)
        endpoints = self._endpoints()
        for service in self._stack.services:
            self.services[service.name] = RunningService(
                spec=service,
                key=f"{prefix}.{service.name}",
                lease=self._lease,
                log=logs[service.name],
                endpoints=endpoints[service.name],
            )

    def _new_log(self, key: str) -> ServiceLog:
        """Return a log with its file, which on a disk takes as long as a spawn.

        Raises ``KeeperLost`` where the run is over, and its folder gone; else ``WorldError`` where there can be none.
        """
        log = ServiceLog(self._folder / f"{key}.log")
        try:
            log.create()
        except OSError as error:
            if not self._lease.folder.is_dir():
                raise KeeperLost from error
            message = f"the log {log.path} cannot be written: {error.strerror}"
            raise WorldError(message) from error
        return log

    def _begin_to_hold(self) -> Callable[[], list[object]]:
        ports = self._ports_to_hold()
        return self._lease.begin([("hold", {"host": port.host, "port": port.number}) for port in ports])

    def _held_by(self, outcomes: list[object]) -> list[Endpoint]:
        asked = zip(self._ports_to_hold(), outcomes, strict=True)
        return [Endpoint(port.host, number) for port, number in asked if isinstance(number, int)]

    def _endpoints(self) -> dict[str, dict[str, Endpoint]]:
        """Return every service's endpoints; a port is held, or unknown where the service reports it."""
        endpoints: dict[str, dict[str, Endpoint]] = {service.name: {} for service in self._stack.services}
        known = iter(self.held)
        for service, name, port in self._ports():
            endpoints[service][name] = Endpoint(port.host, 0) if port.reported else next(known)
        return endpoints

    def _ports_to_hold(self) -> list[Port]:
        return [port for _, _, port in self._ports() if not port.reported]

    def _ports(self) -> list[tuple[str, str, Port]]:
        return [(service.name, name, port) for service in self._stack.services for name, port in service.ports.items()]

    def _spawn_startable(self) -> None:
        """Spawn whatever may be spawned by now, all of it before the next look."""
        names = plan.startable(self.needs, self._spawned.keys(), self._ready.keys())
        if names:
            self._spawn([self.services[name] for name in names])
        for name in names:
            self._hooks.progress(name, "spawned")
        if not self._readiness and self._ready.keys() == self.services.keys():
            self._await_whole()

    def _spawn(self, services: list[RunningService]) -> None:
        """Ask for all at once: the keeper spawns the next one while the first one begins to run."""
        descriptions = [self._described(service) for service in services]
        outcomes = self._lease.ask_each([("start", {"spec": spec}) for spec in descriptions])
        for service, outcome in zip(services, outcomes, strict=True):
            if not isinstance(outcome, ZigguratError):
                service.spawned_pid = outcome["pid"]
                self._spawned[service.name] = time.monotonic()
                self._readiness.add(service.name, service, service.spec.ready, service.spec.start_seconds)
        for service, outcome in zip(services, outcomes, strict=True):
            if isinstance(outcome, ProgramNotFound):
                raise ProgramNotFound(service.name, outcome.program, outcome.reason)
        raise_first(outcomes)

    def _described(self, service: RunningService) -> dict[str, object]:
        """Return what the keeper needs to know, and note where the log stands."""
        if needs_scratch(service.spec):
            self._make_scratch(service.spec)
        filled = self._filler(service.spec)
        environment = {
            **self._surroundings.variables,
            **{name: filled(value) for name, value in service.spec.env.items()},
        }
        program, *arguments = [filled(str(word)) for word in service.spec.command]
        service.program = find_program(service.name, program, environment, self._surroundings.folder)
        service.log_start = service.log.size()
        return {
            "name": service.key,
            "argv": [service.program, *arguments],
            "env": environment,
            "log": str(service.log.path),
            "listeners": [
                [name, service.endpoints[name].host, service.endpoints[name].port]
                for name, port in service.spec.ports.items()
                if port.handover
            ],
            **for_keeper(service.spec, self._surroundings.folder),
        }

    def _filler(self, service: Service) -> Callable[[str], str]:
        """Return what fills a text of a service with the addresses as it is to see them."""
        addresses = {name: running.endpoints for name, running in self.services.items()}
        endpoints = seen_by(service.name, addresses, self._stack.links)
        scratch = str(self._scratch(service))
        return lambda text: fill(text, service.name, endpoints, scratch=scratch)

    def _make_scratch(self, service: Service) -> None:
        """Make a service's folder within the run's, never that one itself: where it is gone, the run is over."""
        folder = self._scratch(service)
        try:
            folder.parent.mkdir(mode=0o700, exist_ok=True)
            folder.mkdir(mode=0o700)
        except FileNotFoundError as error:
            raise KeeperLost from error

    def _scratch(self, service: Service) -> Path:
        return self._lease.folder / SCRATCH / self.services[service.name].key

    def _await_whole(self) -> None:
        if not self._is_prepared:
            self._is_prepared = True
            self._hooks.prepare(self.services)
        seconds = max((service.start_seconds for service in self._stack.services), default=0.0)
        for index, probe in enumerate(self._stack.ready, 1):
            name = f"{STACK} ({index})"
            if name not in self._ready:
                self._spawned[name] = time.monotonic()
                self._readiness.add(name, Whole.beside(self.services, probe.endpoint), probe, seconds)

    def _note(self, ready: list[str]) -> None:
        self._ready |= dict.fromkeys(ready, time.monotonic())
        for name in ready:
            self._hooks.progress(name, "ready")


def standings_of(
    course: Course, services: Mapping[str, RunningService], reports: list[dict[str, Any]]
) -> tuple[Standing, ...]:
    """Return how each service of a stack stands, by all that its keeper tells."""
    told = {report["name"]: report for report in reports}
    return standings(course, {name: told[service.key] for name, service in services.items() if service.key in told})


def stop_others(lease: Lease, keys: list[str], steps: list[list[float]] | None = None) -> list[str]:
    """Stop what services that have stopped started at the keeper themselves, and return the names.

    Only now: whoever started it starts no more. Without steps each is stopped in its own way.
    """
    others = [report["name"] for report in plan.started_by(keys, lease.ask("list"))]
    lease.ask_all([("stop", {"service": key, "steps": steps}) for key in others])
    return others


def forget(lease: Lease, keys: list[str], held: list[Endpoint]) -> None:
    """Have the keeper forget services that have ended, and give ports back."""
    removals = [("remove", {"service": key}) for key in keys]
    lease.ask_all([*removals, *(("release", {"host": place.host, "port": place.port}) for place in held)])


def find_program(service: str, program: str, environment: Mapping[str, str], folder: Path) -> str:
    """Return the absolute path of a program, or raise ``ProgramNotFound``."""
    place = str(folder / program) if os.sep in program else program
    found = shutil.which(place, path=environment.get("PATH"))
    if found is None:
        reason = "it is not executable" if Path(place).is_file() else "there is no such program"
        raise ProgramNotFound(service, program, reason)
    return str(Path(found).absolute())
