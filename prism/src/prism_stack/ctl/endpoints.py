"""Whom a command asks: who was named, else the local stack that runs, else the documented port."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from prism_stack.defaults import ADMIN_PORT, FIRST_DATA_PORT, LAUNCHER_PORT
from prism_stack.errors import WorldError

LOOPBACK = "127.0.0.1"
PROXY_PREFIX, DATA = "proxy-", ".data"


class Source(Enum):
    """Why just this address."""

    NAMED = auto()
    """By a flag or a variable."""
    LOCAL = auto()
    """The local stack has it."""
    TOLD = auto()
    """The admin says so."""
    DEFAULT = auto()
    """Nobody said anything, and no local stack runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A part of Prism that commands ask."""

    name: str
    port: int
    """The documented one."""

    @property
    def flag(self) -> str:
        """The option that names it."""
        return f"--{self.name}"

    @property
    def variable(self) -> str:
        """The variable that names it."""
        return f"PRISM_{self.name.upper()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where one part is asked, and why there."""

    role: Role
    address: str
    source: Source


ADMIN = Role(name="admin", port=ADMIN_PORT)
LAUNCHER = Role(name="launcher", port=LAUNCHER_PORT)
PROXY = Role(name="proxy", port=FIRST_DATA_PORT)

Local = Callable[[], Mapping[str, str]]
"""The addresses of the local stack that runs, by `part.endpoint`; empty where none does."""


class PeerAway(WorldError):
    """Nobody answers at an address."""

    def __init__(self, endpoint: Endpoint, reason: str) -> None:
        super().__init__(
            f"the {endpoint.role.name} at {endpoint.address} does not answer ({reason}); {advice(endpoint)}"
        )
        self.endpoint = endpoint
        self.reason = reason


def choose(role: Role, named: str | None, local: Local) -> Endpoint:
    """Return where the admin or the launcher is asked."""
    if named:
        return Endpoint(role=role, address=named, source=Source.NAMED)
    found = local().get(f"{role.name}.control")
    if found:
        return Endpoint(role=role, address=found, source=Source.LOCAL)
    return Endpoint(role=role, address=f"{LOOPBACK}:{role.port}", source=Source.DEFAULT)


def proxies_of(local: Mapping[str, str]) -> list[str]:
    """Return the data addresses of a stack's proxies, in the order of their numbers."""
    data = {name: each for name, each in local.items() if name.startswith(PROXY_PREFIX) and name.endswith(DATA)}
    return [data[name] for name in sorted(data, key=lambda name: (len(name), name))]


def advice(endpoint: Endpoint) -> str:
    """Return what to do about a part that is away."""
    match endpoint.source:
        case Source.NAMED:
            return f"is {endpoint.role.flag} or {endpoint.role.variable} right?"
        case Source.LOCAL:
            return "see: prismctl local status"
        case Source.TOLD:
            return "see: prismctl proxy list"
        case Source.DEFAULT:
            flag = f"{endpoint.role.flag} HOST:PORT"
            return f"is a stack running? start one with: prismctl local start; or name another with {flag}"
