"""Who is there: heartbeats, kept in memory only, and what each peer said in its last one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from prism_stack.admin.model import Health, Peer, PeerKey, ProcessHealth

MISSED_UNHEALTHY = 3
"""Heartbeats that a peer may miss; with the third it is unhealthy."""
MISSED_GONE = 30
"""And with this one it is given up: what it held is written off."""


def health_of(silence: timedelta, heartbeat: timedelta) -> Health:
    """Return how a peer is after a silence."""
    if silence >= MISSED_GONE * heartbeat:
        return Health.GONE
    return Health.UNHEALTHY if silence >= MISSED_UNHEALTHY * heartbeat else Health.HEALTHY


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Where a peer's report and the ledger differ."""

    missing: frozenset[str] = frozenset()
    """What it acknowledged and does not report."""
    surplus: frozenset[str] = frozenset()
    """What it reports and was never told, or was told to let go of."""

    def again(self, later: Doubt) -> Doubt:
        """Return what two reports in a row agree on: one may have been written before an answer arrived."""
        return Doubt(missing=self.missing & later.missing, surplus=self.surplus & later.surplus)


@dataclass(slots=True, kw_only=True)
class Session:
    """A peer's side of the conversation since it registered, or since this admin started."""

    heartbeat: timedelta
    heard: float
    heard_millis: int = 0
    registered: bool = False
    doubt: Doubt = field(default_factory=Doubt)
    processes: Mapping[str, ProcessHealth] = field(default_factory=dict)


class Peers:
    """The sessions of all peers; guarded by the lock of the ledger."""

    def __init__(self, clock: Callable[[], float], wall_millis: Callable[[], int]) -> None:
        self._clock = clock
        self._wall_millis = wall_millis
        self._sessions: dict[PeerKey, Session] = {}

    def describe(self) -> list[str]:
        """Return a line for each peer, also while others change them: for a dump, which must not wait for a lock."""
        now = self._clock()
        return [
            f"{key}: heard of {now - session.heard:.1f}s ago, {len(session.processes)} processes"
            for key, session in list(self._sessions.items())
        ]

    def expect(self, peer: Peer) -> None:
        """Give a peer that is known from before the time to come back: it registers again."""
        self._sessions[peer.key] = Session(heartbeat=peer.heartbeat, heard=self._clock())

    def register(self, peer: Peer) -> None:
        """Begin a session."""
        self._sessions[peer.key] = Session(
            heartbeat=peer.heartbeat, heard=self._clock(), heard_millis=self._wall_millis(), registered=True
        )

    def hear(self, key: PeerKey) -> Session | None:
        """Note a heartbeat and return the session, or None where the peer has to register first."""
        session = self._sessions.get(key)
        if session is None or not session.registered or self.health(key) is Health.GONE:
            return None
        session.heard, session.heard_millis = self._clock(), self._wall_millis()
        return session

    def health(self, key: PeerKey) -> Health:
        """Return how a peer is."""
        session = self._sessions.get(key)
        if session is None:
            return Health.GONE
        return health_of(timedelta(seconds=self._clock() - session.heard), session.heartbeat)

    def all_health(self) -> dict[PeerKey, Health]:
        """Return how every peer is that has a session."""
        return {key: self.health(key) for key in self._sessions}

    def heard_millis(self, key: PeerKey) -> int:
        """Return when a peer was last heard of, or 0."""
        session = self._sessions.get(key)
        return session.heard_millis if session else 0

    def process(self, launcher: PeerKey, process_id: str) -> ProcessHealth | None:
        """Return what a launcher last said of a process."""
        session = self._sessions.get(launcher)
        return session.processes.get(process_id) if session else None

    def forget(self, key: PeerKey) -> None:
        """End a session."""
        self._sessions.pop(key, None)
