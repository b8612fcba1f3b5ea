"""What the admin knows, as frozen values: namespaces, peers, and what each peer is to hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from prism_stack.admin.partitions import Range


class Kind(StrEnum):
    """What a peer is."""

    PROXY = "proxy"
    LAUNCHER = "launcher"


@dataclass(frozen=True, slots=True, order=True)
class PeerKey:
    """Which peer; a proxy and a launcher may have the same id."""

    kind: Kind
    id: str

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A proxy or a launcher as it registered."""

    key: PeerKey
    address: str
    """Where it serves: of a proxy its data, of a launcher everything."""
    control_address: str
    """Where it is told things."""
    version: str = ""
    heartbeat: timedelta
    """How often it says that it is there."""
    max_processes: int = 0
    """Of a launcher; 0 for no limit of its own."""
    process_types: frozenset[str] = frozenset()
    """What a launcher starts; empty for anything."""
    span: Range | None = None
    """Of a proxy: the partitions that it serves, if any."""
    gone: bool = False
    """It was silent for so long that what it held is written off."""


class Phase(StrEnum):
    """How far a namespace is in its life; the status that people see is made of this and of how its peers are."""

    PENDING = "pending"
    ACTIVE = "active"
    DELETING = "deleting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A program that a namespace needs, by the name that launchers know."""

    name: str

    def process_id(self, namespace: str) -> str:
        """Return the id of the process that serves a namespace with it."""
        return f"ns:{namespace}:{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace:
    """A namespace, and where it is placed."""

    name: str
    partition: int
    config: bytes
    """As it came, in its canonical form; only the edges read it."""
    patterns: tuple[Pattern, ...]
    """At least one, sorted by name."""
    proxy_id: str
    launcher_id: str
    phase: Phase
    version: int
    created_at_millis: int
    grace: timedelta = timedelta(seconds=10)
    """What a deletion leaves to calls in flight."""

    @property
    def process_ids(self) -> tuple[str, ...]:
        """The ids of its processes."""
        return tuple(pattern.process_id(self.name) for pattern in self.patterns)


@dataclass(frozen=True, slots=True)
class PlacementKey:
    """What one peer is told about one thing: a namespace at a proxy, a process at a launcher."""

    peer: PeerKey
    item: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """What a peer is to hold, or to let go of; it is known from before the first telling until the last answer."""

    key: PlacementKey
    namespace: str
    version: int
    """Of the assignment; each telling of other content has a higher one."""
    wanted: bool = True
    acknowledged: bool = False
    """Whether the peer has said yes to this version."""
    purge: bool = False
    """Of an unwanted process: its keys go with it."""
    proxies: str = ""
    """Of a process: where its runner registers, as `id=host:port`, with commas between."""

    @property
    def settled(self) -> bool:
        """Whether nothing is left to be told."""
        return self.wanted and self.acknowledged


class Health(StrEnum):
    """How a peer is, by its heartbeats."""

    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessHealth:
    """What a launcher says of a process."""

    status: str
    last_error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What is known of a namespace's surroundings when its status is told."""

    proxy: Health
    launcher: Health
    processes: tuple[ProcessHealth, ...] = ()
    placements: tuple[Placement, ...] = field(default=())
    refusals: tuple[str, ...] = ()
    """What its peers last answered to what they were told, where that was no."""
