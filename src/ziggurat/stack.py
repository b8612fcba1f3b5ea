"""A running stack: the services by name, and one way to start and to end them all."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ziggurat import lease as leases, plan
from ziggurat.course import Course, critical_path
from ziggurat.errors import AlreadyRunning, NotReady, UnknownName
from ziggurat.link import RunningLink
from ziggurat.log import ServiceLog
from ziggurat.readiness import Readiness
from ziggurat.relayed import RELAY, with_relay
from ziggurat.service import RunningService
from ziggurat.spec import Endpoint, Link
from ziggurat.startup import NO_HOOKS, STACK, Hooks, Start, forget, standings_of, stop_others
from ziggurat.whole import Whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ziggurat.course import Leg
    from ziggurat.lease import Lease
    from ziggurat.spec import Stack
    from ziggurat.surroundings import Surroundings

LIFELINE = "ZIGGURAT_LIFELINE"
ANSWER_SECONDS = 2.0
"""A stack that is up answers its own ready probes in milliseconds."""


class RunningStack:
    """A stack whose services were started; a context manager that stops it."""

    course: Course | None = None
    """When what happened in its start; None where it was attached."""

    def __init__(
        self, stack: Stack, lease: Lease, services: Mapping[str, RunningService], *, held: list[Endpoint], owned: bool
    ) -> None:
        """Hold the services; ``owned`` says that the keeper ends with the stack."""
        self.spec = stack
        self.lease = lease
        self.services = dict(services)
        self._held = held
        self._owned = owned
        self._stopped = False

    def __getitem__(self, name: str) -> RunningService:
        """Return a service, or raise ``UnknownName``."""
        if name not in self.services:
            raise UnknownName(f"service of {self.spec.name}", name, list(self.services))
        return self.services[name]

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop everything."""
        self.stop()

    @property
    def critical_path(self) -> tuple[Leg, ...]:
        """The services that made the start as long as it was, each waited for by the next; none if it was attached."""
        return critical_path(self.course) if self.course else ()

    def address(self, name: str) -> str:
        """Return ``host:port`` of an endpoint, given as ``service.endpoint``."""
        service, _, endpoint = name.partition(".")
        return self[service].address(endpoint)

    def link(self, source: str, target: str) -> RunningLink:
        """Return a link that was declared, or raise ``UnknownName``."""
        link = Link(source, target)
        if link not in self.spec.links:
            raise UnknownName(f"link of {self.spec.name}", str(link), list(map(str, self.spec.links)))
        return RunningLink(spec=link, number=self.spec.links.index(link) + 1, relay=self[RELAY])

    def stop(self) -> None:
        """Stop the services, each before all that it needs; return when nothing is left.

        Stopping it again does nothing.
        """
        if self._stopped:
            return
        self._stopped = True
        for level in plan.stop_levels(plan.dependencies(self.spec)):
            self.lease.ask_all([("stop", {"service": self.services[name].key}) for name in level])
        keys = [service.key for service in self.services.values()]
        others = stop_others(self.lease, keys)
        if self._owned:
            self.lease.end()
        else:
            forget(self.lease, [*keys, *others], self._held)

    def started_by_services(self) -> list[dict[str, Any]]:
        """Return what the keeper tells of the services that services of this stack started at it themselves."""
        return plan.started_by((service.key for service in self.services.values()), self.lease.ask("list"))

    def wait_ready(self, seconds: float = ANSWER_SECONDS) -> None:
        """Wait until the stack's own ready probes hold; raise ``NotReady`` with the reasons."""
        readiness = Readiness(self.lease)
        for index, probe in enumerate(self.spec.ready, 1):
            readiness.add(f"{STACK} ({index})", Whole.beside(self.services, probe.endpoint), probe, seconds)
        try:
            readiness.wait_all()
        except NotReady as error:
            course = Course(needs=plan.dependencies(self.spec), spawned={}, ready={}, now=time.monotonic())
            error.standings = standings_of(course, self.services, self.lease.ask("list"))
            raise


def start(
    stack: Stack,
    *,
    lease: Lease | None = None,
    log_folder: Path | None = None,
    hooks: Hooks = NO_HOOKS,
    surroundings: Surroundings | None = None,
) -> RunningStack:
    """Start a stack and return it when it is ready.

    Without a lease it gets a keeper of its own, which ends with it. Logs go to the run's folder, which is removed in
    the end, unless another one is given. Its surroundings are this process's, unless others are given. Raises
    ``StartFailed``, ``UsageError`` or ``PortTaken`` with nothing left.
    """
    keeper = lease or leases.own()
    try:
        return _start(stack, keeper, log_folder, hooks, surroundings, owned=lease is None)
    except BaseException:
        if lease is None:
            keeper.close()
        raise


def start_detached(stack: Stack, *, hooks: Hooks = NO_HOOKS) -> RunningStack:
    """Start a stack that goes on when this process ends, to be found by its name with ``attach``.

    Where ZIGGURAT_LIFELINE holds a pid it ends with that process at the latest: for tests of commands that start one.
    Its logs live in the run's folder, and so as long as it. Raises what ``start`` raises, and ``AlreadyRunning``.
    """
    with leases.naming(stack.name):
        known = leases.find(stack.name)
        if known:
            with known:
                raise AlreadyRunning(stack.name, known.folder, known.about_keeper["pid"])
        keeper = leases.own(stack.name)
    try:
        running = _start(stack, keeper, None, hooks, None, owned=True)
        keeper.ask("describe", about={"services": about_services(running)})
        # Only now: a start that is killed half-way takes all that it started with it.
        keeper.ask("disown", lifeline=int(os.environ.get(LIFELINE, "0")))
    except BaseException:
        keeper.close()
        raise
    return running


def attach(stack: Stack) -> RunningStack | None:
    """Return the detached stack of this name as it runs, or None where none does.

    The description gives commands and probes, the keeper the addresses that were chosen when it was started.
    """
    keeper = leases.find(stack.name)
    if keeper is None:
        return None
    about: dict[str, Any] = keeper.about_keeper["about"]
    if not about:
        keeper.close()
        return None
    return from_about(with_relay(stack), keeper, about["services"], owned=True)


def service_names(name: str) -> frozenset[str]:
    """Return the names of the services of the detached stack of this name; empty where none runs."""
    keeper = leases.find(name)
    if keeper is None:
        return frozenset()
    with keeper:
        return frozenset(keeper.about_keeper["about"].get("services", ()))


def _start(
    stack: Stack,
    keeper: Lease,
    log_folder: Path | None,
    hooks: Hooks,
    surroundings: Surroundings | None,
    *,
    owned: bool,
) -> RunningStack:
    # The keeper has a working folder of its own.
    folder = log_folder.absolute() if log_folder else keeper.folder
    if log_folder:
        # The keeper's own is there, unless the run is over; nobody would remove it once more.
        folder.mkdir(parents=True, exist_ok=True)
    stack = with_relay(stack)
    begun = Start(stack, keeper, folder, hooks, surroundings)
    begun.run()
    running = RunningStack(stack, keeper, begun.services, held=begun.held, owned=owned)
    running.course = begun.course()
    return running


def about_services(running: RunningStack) -> dict[str, Any]:
    """Return what somebody else who knows the stack's description must know of its services."""
    return {
        name: {
            "key": service.key,
            "log": str(service.log.path),
            "program": service.program,
            "pid": service.spawned_pid,
            "endpoints": {key: [place.host, place.port] for key, place in service.endpoints.items()},
        }
        for name, service in running.services.items()
    }


def from_about(stack: Stack, keeper: Lease, about: Mapping[str, Any], *, owned: bool) -> RunningStack:
    """Return a stack that somebody else started, by its description and by what they told of its services."""
    services = {
        service.name: RunningService(
            spec=service,
            key=about[service.name]["key"],
            lease=keeper,
            log=ServiceLog(Path(about[service.name]["log"])),
            endpoints=endpoints_of(about[service.name]),
            program=about[service.name]["program"],
            spawned_pid=about[service.name].get("pid", 0),
        )
        for service in stack.services
        if service.name in about
    }
    return RunningStack(stack, keeper, services, held=[], owned=owned)


def endpoints_of(about: Mapping[str, Any]) -> dict[str, Endpoint]:
    """Return the endpoints of a service by name, as they were told."""
    return {name: Endpoint(host, port) for name, (host, port) in about["endpoints"].items()}
