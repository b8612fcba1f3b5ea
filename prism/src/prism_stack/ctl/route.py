"""Which proxy serves the keys of a namespace."""

from __future__ import annotations

from datetime import timedelta

from prism_stack.ctl.endpoints import ADMIN, LOOPBACK, PROXY, Endpoint, PeerAway, Source, choose, proxies_of
from prism_stack.ctl.world import World
from prism_stack.errors import DeadlineExceeded, Unavailable, WorldError

ASKING_TIMEOUT = timedelta(seconds=2)
"""A read of the admin takes milliseconds; one that hangs must not keep data from whoever asks for it."""


class NotServed(WorldError):
    """A namespace that no proxy serves at the moment."""

    def __init__(self, namespace: str, status: str, reason: str) -> None:
        super().__init__(
            f"namespace {namespace} is {status} and served by no proxy{f' ({reason})' if reason else ''}; "
            "see: prismctl proxy list"
        )
        self.namespace = namespace
        self.status = status
        self.reason = reason


def route(world: World, namespace: str, *, proxy: str | None, admin: str | None) -> list[Endpoint]:
    """Return where the keys of a namespace are asked for, in order of preference.

    The admin knows; where none was named and none answers, calls still reach their data: by the local stack's proxies,
    of which the one that serves the namespace answers, or by the documented port.
    """
    if proxy:
        return [Endpoint(role=PROXY, address=proxy, source=Source.NAMED)]
    asked = choose(ADMIN, admin, world.local)
    try:
        return [Endpoint(role=PROXY, address=serving(world, asked, namespace), source=Source.TOLD)]
    except (PeerAway, Unavailable, DeadlineExceeded):
        if asked.source is Source.NAMED:
            raise
    local = [Endpoint(role=PROXY, address=each, source=Source.LOCAL) for each in proxies_of(world.local())]
    return local or [Endpoint(role=PROXY, address=f"{LOOPBACK}:{PROXY.port}", source=Source.DEFAULT)]


def serving(world: World, admin: Endpoint, namespace: str) -> str:
    """Return the address of the proxy that a namespace is assigned to; raise `NotServed` where there is none."""
    with world.admin(admin.address, ASKING_TIMEOUT) as client, world.telling_away(admin):
        found = client.get_namespace(namespace)
        addresses = {each.proxy_id: each.address for each in client.list_proxies()}
    if found.proxy_id not in addresses:
        raise NotServed(namespace, found.status, found.reason)
    return addresses[found.proxy_id]
