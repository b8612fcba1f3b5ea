"""Fills endpoints and the scratch folder into commands and variables."""

from __future__ import annotations

from string import Formatter
from typing import TYPE_CHECKING

from ziggurat.errors import SpecError, UnknownName

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ziggurat.spec import Endpoint, Service

Addresses = dict[str, dict[str, "Endpoint"]]
"""Service name → endpoint name → where it listens."""

BRACES = frozenset("{}")
SCRATCH = "scratch"
"""In braces, the folder of the service's own."""


def names_in(text: str) -> Iterator[str]:
    """Yield the names in braces; raise ``SpecError`` where the braces do not match."""
    if not BRACES.intersection(text):
        return
    try:
        for _, name, spec, conversion in Formatter().parse(text):
            if name is not None:
                if not name or spec or conversion:
                    message = f"{text!r}: {{{name}}} is not the name of an endpoint"
                    raise SpecError(message)
                yield name
    except ValueError as error:
        message = f"{text!r}: {error}"
        raise SpecError(message) from None


def references(service: Service, names: frozenset[str]) -> set[tuple[str, str]]:
    """Return the (service, endpoint) pairs that a service's command and variables name."""
    return {_split(name, service.name, names)[:2] for name in _names(service) if name != SCRATCH}


def needs_scratch(service: Service) -> bool:
    """Say whether a service's command or variables name its scratch folder."""
    return SCRATCH in _names(service)


def fill(text: str, service: str, addresses: Mapping[str, Mapping[str, Endpoint]], *, scratch: str = "") -> str:
    """Return the text with each name replaced by what it stands for."""
    if not BRACES.intersection(text):
        return text
    names = frozenset(addresses)
    parts = []
    for literal, name, _, _ in Formatter().parse(text):
        parts.append(literal)
        if name == SCRATCH:
            parts.append(scratch)
        elif name is not None:
            owner, endpoint, part = _split(name, service, names)
            parts.append(_value(lookup(addresses, owner, endpoint), part))
    return "".join(parts)


def lookup(addresses: Mapping[str, Mapping[str, Endpoint]], service: str, endpoint: str) -> Endpoint:
    """Return an endpoint, or raise ``UnknownName``."""
    known = addresses.get(service, {})
    if endpoint not in known:
        raise UnknownName(f"endpoint of {service}", endpoint, list(known))
    return known[endpoint]


def _names(service: Service) -> Iterator[str]:
    for text in (*map(str, service.command), *service.env.values()):
        yield from names_in(text)


def _split(name: str, service: str, names: frozenset[str]) -> tuple[str, str, str]:
    """Read ``endpoint``, ``endpoint.part``, ``service.endpoint`` or ``service.endpoint.part``."""
    words = name.split(".")
    owner = words.pop(0) if len(words) > 1 and words[0] in names else service
    endpoint, *rest = words
    part = rest.pop() if rest else ""
    if rest or part not in {"", "host", "port"}:
        raise UnknownName("service or endpoint", name, sorted(names))
    return owner, endpoint, part


def _value(endpoint: Endpoint, part: str) -> str:
    return str(getattr(endpoint, part)) if part else str(endpoint)
