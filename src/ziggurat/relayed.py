"""A stack whose links are carried by a relay, as one more service of it: pure functions on descriptions."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ziggurat import relay
from ziggurat.errors import SpecError, UnknownName
from ziggurat.spec import FREE, OUTSIDE, Link, Notify, Service
from ziggurat.template import SCRATCH, references

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ziggurat.spec import Endpoint, Stack

RELAY = "link-relay"
"""The name of the service that carries a stack's links."""


def with_relay(stack: Stack) -> Stack:
    """Return a stack with the relay that its links need; one without links as it is.

    Raises ``SpecError`` or ``UnknownName`` for a link that cannot be.
    """
    if not stack.links or any(service.name == RELAY for service in stack.services):
        return stack
    _refuse_impossible(stack)
    sources = {link.source for link in stack.links}
    services = [
        replace(service, after=(*service.after, RELAY)) if service.name in sources else service
        for service in stack.services
    ]
    return replace(stack, services=(*services, _relay(stack.links)))


def seen_by(
    service: str, addresses: Mapping[str, Mapping[str, Endpoint]], links: Iterable[Link]
) -> dict[str, Mapping[str, Endpoint]]:
    """Return all addresses as a service is to see them: what it is linked to is the relay's."""
    seen = dict(addresses)
    for number, link in enumerate(links, 1):
        if link.source == service:
            owner, _, endpoint = link.target.partition(".")
            seen[owner] = {**seen[owner], endpoint: addresses[RELAY][str(number)]}
    return seen


def _relay(links: Iterable[Link]) -> Service:
    words = [word for number, link in enumerate(links, 1) for word in (f"{{{number}}}", f"{{{link.target}}}")]
    program = Path(relay.__file__).parent / "__main__.py"
    return Service(
        name=RELAY,
        command=(sys.executable, "-I", "-S", program, f"{{{SCRATCH}}}", *words),
        ports={str(number): FREE for number, _ in enumerate(links, 1)},
        ready=Notify(),
        stop=(),
    )


def _refuse_impossible(stack: Stack) -> None:
    names = frozenset(service.name for service in stack.services)
    for link in stack.links:
        owner, _, endpoint = link.target.partition(".")
        port = stack.service(owner).ports.get(endpoint)
        if port is None:
            raise UnknownName(f"endpoint of {owner}", endpoint, list(stack.service(owner).ports))
        if port.reported:
            message = f"link {link}: nobody knows a reported port before its service is up; declare a held or fixed one"
            raise SpecError(message)
        if link.source != OUTSIDE and (owner, endpoint) not in references(stack.service(link.source), names):
            message = f"link {link}: {link.source} does not name {{{link.target}}}, so nothing would go through it"
            raise SpecError(message)
    if len(set(stack.links)) < len(stack.links):
        message = f"{stack.name} has a link twice: {', '.join(map(str, stack.links))}"
        raise SpecError(message)
