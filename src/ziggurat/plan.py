"""In which order services start and stop: pure functions on a stack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ziggurat.errors import CycleError, SpecError, UnknownName
from ziggurat.spec import GrpcHealth, Http, Tcp
from ziggurat.template import SCRATCH, references

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Set as AbstractSet

    from ziggurat.spec import Port, Service, Stack


def dependencies(stack: Stack) -> dict[str, frozenset[str]]:
    """Return for each service those that must be ready before it is spawned.

    Beside the declared ones these are the services whose reported port it names: before they are ready nobody knows
    it. A held or fixed port is known from the start and orders nothing.

    Raises ``SpecError`` for names that are given twice or to nobody, ``CycleError`` for services that wait for each
    other.
    """
    services = _by_name(stack)
    _refuse_unknown_endpoints(stack)
    _refuse_impossible_handover(stack)
    needs = {name: frozenset(_needs(service, services)) for name, service in services.items()}
    _refuse_cycle(needs)
    return needs


def startable(needs: Mapping[str, frozenset[str]], spawned: AbstractSet[str], ready: AbstractSet[str]) -> list[str]:
    """Return the services that may be spawned now, in the order of declaration."""
    return [name for name, before in needs.items() if name not in spawned and before <= ready]


def stop_levels(needs: Mapping[str, frozenset[str]]) -> list[list[str]]:
    """Return the services in the groups in which they stop: each before all that it needs."""
    levels = []
    left = dict(needs)
    while left:
        needed = {name for before in left.values() for name in before}
        level = [name for name in left if name not in needed]
        levels.append(level)
        left = {name: before for name, before in left.items() if name not in level}
    return levels


def started_by(keys: Iterable[str], reports: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the reports of those services that services of these keys started at the keeper themselves.

    Such a one is called after who started it: ``<key>/<name>``. A service finds its key in ZIGGURAT_SERVICE.
    """
    prefixes = tuple(f"{key}/" for key in keys)
    return [report for report in reports if report["name"].startswith(prefixes)]


def _by_name(stack: Stack) -> dict[str, Service]:
    if "/" in stack.name:
        message = f"{stack.name!r} cannot be a stack's name: its logs are files that begin with it, so no '/' in it"
        raise SpecError(message)
    services: dict[str, Service] = {}
    for service in stack.services:
        if not service.name or "." in service.name or "/" in service.name:
            message = f"{service.name!r} cannot be a service's name: it must not be empty nor hold '.' or '/'"
            raise SpecError(message)
        if not service.command:
            message = f"{service.name}: the command is empty"
            raise SpecError(message)
        if SCRATCH in service.ports:
            message = f"{service.name}: an endpoint cannot be called {SCRATCH!r}, which names the service's own folder"
            raise SpecError(message)
        if service.name in services:
            message = f"two services of {stack.name} are called {service.name!r}"
            raise SpecError(message)
        services[service.name] = service
    return services


def _needs(service: Service, services: Mapping[str, Service]) -> set[str]:
    needed = set(service.after)
    for name in service.after:
        if name not in services:
            raise UnknownName("service", name, list(services))
    for owner, endpoint in references(service, frozenset(services)):
        if _declared(services[owner], endpoint).reported and owner != service.name:
            needed.add(owner)
    return needed


def _refuse_unknown_endpoints(stack: Stack) -> None:
    """Raise ``UnknownName`` for a probe of an endpoint that nobody declared."""
    for service in stack.services:
        if isinstance(service.ready, Tcp | GrpcHealth | Http):
            _declared(service, service.ready.endpoint)
    for probe in stack.ready:
        owner, _, endpoint = probe.endpoint.partition(".")
        _declared(stack.service(owner), endpoint)


def _refuse_impossible_handover(stack: Stack) -> None:
    for service in stack.services:
        for name, port in service.ports.items():
            if port.handover and port.reported:
                message = f"{service.name}: {name} cannot be reported: a socket that is handed over has its port before"
                raise SpecError(message)
    for service, name in _asked_by_tcp(stack):
        if _declared(service, name).handover:
            message = f"{service.name}: Tcp tells nothing of {name}, where the kernel accepts before the service is up"
            raise SpecError(message)


def _asked_by_tcp(stack: Stack) -> Iterator[tuple[Service, str]]:
    for service in stack.services:
        if isinstance(service.ready, Tcp):
            yield service, service.ready.endpoint
    for probe in stack.ready:
        if isinstance(probe, Tcp):
            owner, _, name = probe.endpoint.partition(".")
            yield stack.service(owner), name


def _declared(service: Service, endpoint: str) -> Port:
    if endpoint not in service.ports:
        raise UnknownName(f"endpoint of {service.name}", endpoint, list(service.ports))
    return service.ports[endpoint]


def _refuse_cycle(needs: Mapping[str, frozenset[str]]) -> None:
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise CycleError([*path[path.index(name) :], name])
        if name not in done:
            for needed in sorted(needs[name]):
                visit(needed, (*path, name))
            done.add(name)

    for name in needs:
        visit(name, ())
