"""What commands reach beyond themselves: clients, the local stack, files. Tests hand in others."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from prism_stack.ctl.endpoints import ADMIN, LAUNCHER, Endpoint, PeerAway, choose
from prism_stack.defaults import LOCAL
from prism_stack.errors import DeadlineExceeded, Unavailable

if TYPE_CHECKING:
    from prism_stack.client import KeyValueClient
    from prism_stack.clients.admin import AdminClient
    from prism_stack.clients.launcher import LauncherClient

CONTROL_TIMEOUT = timedelta(seconds=15)
"""More than the admin takes for its own 10 s of a creation, so that its reason arrives and not a time-out."""
DATA_TIMEOUT = timedelta(seconds=5)
KNOCK_SECONDS = 1.0
"""For the look at whether anybody listens, once a call has failed."""


def open_admin(address: str, timeout: timedelta) -> AdminClient:
    """Return a client of the admin."""
    from prism_stack.clients.admin import AdminClient

    return AdminClient(address, timeout=timeout)


def open_launcher(address: str, timeout: timedelta) -> LauncherClient:
    """Return a client of the launcher."""
    from prism_stack.clients.launcher import LauncherClient

    return LauncherClient(address, timeout=timeout)


def open_keyvalue(addresses: Sequence[str], namespace: str) -> KeyValueClient:
    """Return a client of a namespace's data."""
    from prism_stack.client import KeyValueClient

    return KeyValueClient(addresses, namespace=namespace, timeout=DATA_TIMEOUT)


def local_addresses() -> dict[str, str]:
    """Return the addresses of the local stack by `part.endpoint`; empty where none runs."""
    from ziggurat import addresses_of

    return addresses_of(LOCAL)


def why_silent(address: str) -> str:
    """Return why nobody can be reached at an address; an empty string where somebody listens."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=KNOCK_SECONDS).close()
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """All that a command reaches."""

    admin: Callable[[str, timedelta], AdminClient] = open_admin
    launcher: Callable[[str, timedelta], LauncherClient] = open_launcher
    keyvalue: Callable[[Sequence[str], str], KeyValueClient] = open_keyvalue
    local: Callable[[], Mapping[str, str]] = local_addresses
    why_silent: Callable[[str], str] = why_silent

    @contextmanager
    def asking_admin(self, named: str | None, timeout: timedelta = CONTROL_TIMEOUT) -> Iterator[AdminClient]:
        """Give a client of the admin; that it is away is told as `PeerAway`."""
        endpoint = choose(ADMIN, named, self.local)
        with self.admin(endpoint.address, timeout) as client, self.telling_away(endpoint):
            yield client

    @contextmanager
    def asking_launcher(self, named: str | None, timeout: timedelta = CONTROL_TIMEOUT) -> Iterator[LauncherClient]:
        """Give a client of the launcher; that it is away is told as `PeerAway`."""
        endpoint = choose(LAUNCHER, named, self.local)
        with self.launcher(endpoint.address, timeout) as client, self.telling_away(endpoint):
            yield client

    @contextmanager
    def telling_away(self, *endpoints: Endpoint) -> Iterator[None]:
        """Turn a call that failed because nobody listens at any of these into `PeerAway`."""
        try:
            yield
        except (Unavailable, DeadlineExceeded) as error:
            reasons = [self.why_silent(endpoint.address) for endpoint in endpoints]
            if all(reasons):
                raise PeerAway(endpoints[0], reasons[0]) from error
            raise
