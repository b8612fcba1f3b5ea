"""Fills endpoints into commands and variables."""

from __future__ import annotations

from string import Formatter
from typing import TYPE_CHECKING

from ziggurat.errors import SpecError, UnknownName

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ziggurat.spec import Endpoint, Service

Addresses = dict[str, dict[str, "Endpoint"]]
"""Service name → endpoint name → where it listens."""


def names_in(text: str) -> Iterator[str]:
    """Yield the names in braces; raise ``SpecError`` where the braces do not match."""
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
    texts = [*map(str, service.command), *service.env.values()]
    return {_split(name, service.name, names)[:2] for text in texts for name in names_in(text)}


def fill(text: str, service: str, addresses: Mapping[str, Mapping[str, Endpoint]]) -> str:
    """Return the text with each name replaced by what it stands for."""
    names = frozenset(addresses)
    parts = []
    for literal, name, _, _ in Formatter().parse(text):
        parts.append(literal)
        if name is not None:
            owner, endpoint, part = _split(name, service, names)
            parts.append(_value(lookup(addresses, owner, endpoint), part))
    return "".join(parts)


def lookup(addresses: Mapping[str, Mapping[str, Endpoint]], service: str, endpoint: str) -> Endpoint:
    """Return an endpoint, or raise ``UnknownName``."""
    known = addresses.get(service, {})
    if endpoint not in known:
        raise UnknownName(f"endpoint of {service}", endpoint, list(known))
    return known[endpoint]


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
