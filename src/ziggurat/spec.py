"""What a stack is made of, as frozen values: nothing here touches a process, a socket or a clock.

A command or a variable may name endpoints in braces: ``{data}`` is the service's own, as ``host:port``;
``{proxy.control}`` another service's; ``{data.port}`` and ``{proxy.control.host}`` one part of it. ``{scratch}`` is an
empty folder of the service's own, which goes with the stack. Doubled braces stand for themselves.
"""

from __future__ import annotations

import enum
import signal
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ziggurat.errors import SpecError, UnknownName

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LOOPBACK = "127.0.0.1"
HIGHEST_PORT = 65535
START_SECONDS = 10.0
"""A local program that needs longer than this to start is almost always stuck."""
GRACE_SECONDS = 5.0
LOG_BOUND = 16 << 20
"""Bytes of log kept for each service."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where something listens."""

    host: str
    port: int

    def __str__(self) -> str:
        """Return ``host:port``, an IPv6 host in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @classmethod
    def parse(cls, text: str) -> Endpoint:
        """Read ``host:port``."""
        host, _, port = text.rpartition(":")
        if not host or not port.isdecimal() or not port.isascii() or int(port) > HIGHEST_PORT:
            message = f"{text!r} is not HOST:PORT"
            raise SpecError(message)
        return cls(host.strip("[]"), int(port))


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """How a service comes to a port: a free one that is held for it, a fixed one, or one that it reports itself."""

    number: int = 0
    """0 for a free one."""
    host: str = LOOPBACK
    reported: bool = False
    """The service binds port 0 and says, or is seen, where it listens: for servers that set neither SO_REUSEADDR nor
    SO_REUSEPORT and so cannot bind a held port."""
    handover: bool = False
    """The service gets a socket that listens there already (LISTEN_FDS and LISTEN_FDNAMES, as of systemd, under the
    endpoint's name): for servers that take one. Who connects before the server is up waits, and is not refused."""


FREE = Port()
REPORTED = Port(reported=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """Ready as soon as it runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """Ready when it says ``READY=1`` on its notify socket (sd_notify)."""

    from_tree: bool = False
    """Also believe a child of the main process: for programs behind a wrapper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tcp:
    """Ready when a connection to the endpoint is accepted."""

    endpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GrpcHealth:
    """Ready when ``grpc.health.v1.Health`` at the endpoint tells SERVING for the service.

    It is watched, and so known at once; a server that only implements ``Check`` is asked again and again.
    """

    endpoint: str
    service: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Http:
    """Ready when a GET of the path at the endpoint is answered with a status of success (2xx)."""

    endpoint: str
    path: str = "/"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """Ready when a line of the log matches the regular expression.

    Named groups that are called like a reported port give its number.
    """

    pattern: str


Probe = Started | Notify | Tcp | GrpcHealth | Http | LogLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One step of stopping: a signal to the main process, and how long it is waited for."""

    signal: signal.Signals = signal.SIGTERM
    seconds: float = GRACE_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a service may have at most; from its first instruction on, and all that it starts."""

    open_files: int | None = None
    """RLIMIT_NOFILE: one more than the highest descriptor that can be opened."""
    memory: int | None = None
    """RLIMIT_DATA: bytes of private memory that it can write to, what it has not touched yet among them."""


class Restart(enum.StrEnum):
    """Whether the keeper starts a service again that ended by itself."""

    NEVER = "never"
    ON_FAILURE = "on_failure"


class OnOrphan(enum.StrEnum):
    """What becomes of a service whose owner is gone."""

    KILL = "kill"
    TERMINATE = "terminate"
    """It gets SIGTERM and 2 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One program of a stack."""

    name: str
    command: tuple[str | Path, ...]
    ports: Mapping[str, Port] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    """Added to the environment of whoever starts the stack."""
    cwd: Path | None = None
    after: tuple[str, ...] = ()
    """Services that must be ready before this one is spawned."""
    ready: Probe = field(default_factory=Started)
    start_seconds: float = START_SECONDS
    stop: tuple[Ask, ...] = (Ask(),)
    """Tried in turn; after the last the whole tree is killed. Empty for data that may be thrown away."""
    restart: Restart = Restart.NEVER
    on_orphan: OnOrphan = OnOrphan.KILL
    log_bound: int = LOG_BOUND
    limits: Limits = field(default_factory=Limits)
    dump: signal.Signals | None = None
    """The signal on which it writes to its stderr or stdout what it is doing, for the report of a hang; never sent to a
    process that does not catch it."""


OUTSIDE = "outside"
"""As the source of a link: whoever is no service of the stack, such as the test itself."""


@dataclass(frozen=True, slots=True)
class Link:
    """Connections that Ziggurat carries itself, so that it can slow, cut or reset them.

    What the source's command and variables name as ``{target}`` is an address of Ziggurat's relay; the connections of
    everybody else go their usual way.
    """

    source: str
    """A service, or ``OUTSIDE``."""
    target: str
    """``service.endpoint``."""

    def __str__(self) -> str:
        """Say who connects to whom."""
        return f"{self.source} → {self.target}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """Services that run together."""

    name: str
    services: tuple[Service, ...]
    ready: tuple[Tcp | GrpcHealth | Http, ...] = ()
    """What must hold of the whole, beyond each service's own probe; endpoints as ``service.endpoint``."""
    links: tuple[Link, ...] = ()
    """What can be disturbed between services; without any, no connection has Ziggurat in between."""

    def with_links(self, *links: Link) -> Stack:
        """Return this stack with further links."""
        return replace(self, links=(*self.links, *links))

    def service(self, name: str) -> Service:
        """Return a service by name, or raise ``UnknownName``."""
        for service in self.services:
            if service.name == name:
                return service
        raise UnknownName("service", name, [service.name for service in self.services])
