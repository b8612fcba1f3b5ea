"""Proxies and launchers: they register, are heard of, fall silent and come back; what that moves is moved."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from prism_stack.admin import moves
from prism_stack.admin.changes import Change, Drop, Put
from prism_stack.admin.errors import StoreFailed
from prism_stack.admin.ledger import Ledger
from prism_stack.admin.model import (
    Health,
    Kind,
    Namespace,
    Peer,
    PeerKey,
    Phase,
    Placement,
    PlacementKey,
    ProcessHealth,
)
from prism_stack.admin.moves import Moves
from prism_stack.admin.partitions import PARTITIONS, Range
from prism_stack.admin.peers import Doubt, Peers
from prism_stack.admin.slices import Slices
from prism_stack.control.refusals import Full

LOG = logging.getLogger("prism-admin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """What a peer is told when it registers."""

    message: str
    span: Range | None
    assignments: tuple[tuple[Namespace, Placement], ...]
    """What it is to hold, so that a peer which lost everything starts with all of it."""


class Membership:
    """Who belongs here; every change of it goes through this."""

    def __init__(self, ledger: Ledger, peers: Peers, nudge: Callable[[Iterable[str]], None]) -> None:
        self._ledger = ledger
        self._peers = peers
        self._nudge = nudge
        self._slices = Slices(ledger, nudge)
        self._is_unfinished = True
        """Whether something may be left to do of a change that a crash, or a full disk, cut short."""
        with ledger.lock:
            ledger.record([Drop(peer) for peer in ledger.peers.values() if peer.gone and not ledger.at(peer.key)])
            for peer in ledger.peers.values():
                if not peer.gone:
                    peers.expect(peer)
        self._healthy = self._now_healthy()

    def register(self, peer: Peer) -> Welcome:
        """Take a peer in, or take it back; raise `Full` or `StoreFailed`, and leave all as it was, if that fails."""
        with self._ledger.lock:
            former = self._ledger.peers.get(peer.key)
            newcomer = replace(peer, span=former.span if former else None)
            shift = self._make_room(newcomer)
            changes = [Put(newcomer)] if newcomer != former else []
            if changes or shift.changes:
                self._ledger.commit([*changes, *shift.changes])
            self._peers.register(newcomer)
            self._healthy |= {newcomer.key}
        moved = self._settle_in(newcomer, former, shift)
        with self._ledger.lock:
            welcome = self._welcome(newcomer.key, moved)
        LOG.info("%s registered at %s: %s", peer.key, peer.control_address, welcome.message)
        self._nudge(self._unsettled(peer.key))
        return welcome

    def not_told(self, key: PeerKey, names: Collection[str]) -> None:
        """Note what found no room in a welcome: it is told one by one."""
        with self._ledger.lock:
            self._ledger.record(
                [Put(replace(each, acknowledged=False)) for each in self._ledger.at(key) if each.key.item in names]
            )
        self._nudge(self._unsettled(key))

    def hear(self, key: PeerKey, reported: Collection[str], processes: Mapping[str, ProcessHealth]) -> bool:
        """Take a heartbeat; return whether the peer is known, or has to register again."""
        with self._ledger.lock:
            session = self._peers.hear(key)
            if session is None:
                return False
            session.processes = processes
            doubt = self._compare(key, reported) if reported else Doubt()
            agreed, session.doubt = session.doubt.again(doubt), doubt
            touched = self._resolve(key, agreed) if agreed.missing or agreed.surplus else []
        if touched:
            self._nudge(touched)
        return True

    def review(self) -> None:
        """Look who has fallen silent or is heard again, and move what that moves; called again and again."""
        with self._ledger.lock:
            healthy = self._now_healthy()
            gone = [peer for key, peer in self._ledger.peers.items() if self._is_newly_gone(key, peer)]
            is_changed = bool(healthy != self._healthy or gone)
            unfinished, self._is_unfinished = self._is_unfinished, False
            if not is_changed and not unfinished:
                return
            self._log_difference(healthy)
            changed = {*(healthy ^ self._healthy), *(peer.key for peer in gone)}
            # Before anything is given to others: those are to be told.
            touched = {each.namespace for key in changed for each in self._ledger.at(key)}
            self._ledger.record([Put(replace(peer, gone=True)) for peer in gone])
            shift = moves.rebalance(self._ledger, self._serving(healthy)) if is_changed else Moves()
            self._ledger.record(shift.changes)
            self._healthy = healthy
            # A deletion may have waited for a proxy that nobody waits for any more.
            touched |= {name for name, each in self._ledger.namespaces.items() if each.phase is Phase.DELETING}
            names = list(self._ledger.names) if unfinished else shift.namespaces
            given_up = [key for key, peer in self._ledger.peers.items() if peer.gone and (unfinished or key in changed)]
            self._ledger.changed.notify_all()
        if shift.changes:
            LOG.info("the proxies have changed: %s", shift)
        self._slices.record(names, self._amend)
        for key in given_up:
            self._give_up(key)
        self._nudge(touched)

    def healthy(self, kind: Kind) -> list[Peer]:
        """Return the peers of a kind that are healthy now."""
        with self._ledger.lock:
            return [self._ledger.peers[key] for key in self._now_healthy() if key.kind is kind]

    # === registering ===

    def _make_room(self, peer: Peer) -> Moves:
        if peer.key.kind is Kind.LAUNCHER:
            return Moves()
        serving = self._serving(self._now_healthy()) | {peer.key.id: peer}
        if len(serving) > PARTITIONS:
            raise Full(f"proxy {peer.key.id} is one too many: at most {PARTITIONS} can share {PARTITIONS} partitions")
        return moves.rebalance(self._ledger, serving)

    def _settle_in(self, peer: Peer, former: Peer | None, shift: Moves) -> Moves:
        """Bring to a peer what is its now; raise `StoreFailed` where that has to be gone on with later."""
        try:
            if peer.key.kind is Kind.LAUNCHER:
                return replace(shift, namespaces=tuple(self._take_in_homeless(peer)))
            is_elsewhere = former is not None and former.control_address != peer.control_address
            self._slices.commit([*shift.namespaces, *(self._names_at(peer.key) if is_elsewhere else ())], self._amend)
        except StoreFailed:
            self._is_unfinished = True
            raise
        return shift

    def _take_in_homeless(self, launcher: Peer) -> set[str]:
        """Give a launcher what others left behind that are gone."""
        with self._ledger.lock:
            gone = [key for key, peer in self._ledger.peers.items() if peer.gone and key != launcher.key]
        taken: set[str] = set()
        for key in (key for key in gone if key.kind is Kind.LAUNCHER):
            step = partial(self._rehome, key, lambda: [launcher])
            taken |= self._slices.commit(self._names_at(key), step)
        return taken

    def _amend(self, names: Sequence[str]) -> list[Change]:
        return moves.amend(self._ledger, names)

    def _rehome(self, gone: PeerKey, launchers: Callable[[], list[Peer]], names: Sequence[str]) -> list[Change]:
        return moves.rehome(self._ledger, gone, launchers(), names)

    def _names_at(self, key: PeerKey) -> list[str]:
        """Return the namespaces of which a peer holds something."""
        with self._ledger.lock:
            return sorted({each.namespace for each in self._ledger.at(key)})

    def _welcome(self, key: PeerKey, shift: Moves) -> Welcome:
        held = [each for each in self._ledger.at(key) if each.wanted]
        span = self._ledger.peers[key].span
        serves = f"partitions {span.start} to {span.end}; " if span else ""
        assignments = ((self._ledger.namespaces.get(each.namespace), each) for each in held)
        return Welcome(
            message=f"{serves}{shift}",
            span=span,
            assignments=tuple((namespace, each) for namespace, each in assignments if namespace),
        )

    def _unsettled(self, key: PeerKey) -> set[str]:
        with self._ledger.lock:
            return {each.namespace for each in self._ledger.at(key) if not each.settled}

    # === heartbeats ===

    def _compare(self, key: PeerKey, reported: Collection[str]) -> Doubt:
        held = {each.key.item for each in self._ledger.at(key) if each.settled}
        names = set(reported)
        surplus = names - self._ledger.items(key)
        return Doubt(missing=frozenset(held - names), surplus=frozenset(surplus))

    def _resolve(self, key: PeerKey, agreed: Doubt) -> list[str]:
        found = (self._ledger.placement(PlacementKey(key, item)) for item in agreed.missing)
        again = [replace(each, acknowledged=False) for each in found if each and each.settled]
        stray = [each for each in (self._stray(key, item) for item in agreed.surplus) if each]
        self._ledger.record([Put(each) for each in (*again, *stray)])
        return [each.namespace for each in (*again, *stray)]

    def _stray(self, key: PeerKey, item: str) -> Placement | None:
        """Return what a peer is to be rid of; a process that a person started by hand is none of our business."""
        placement_key = PlacementKey(key, item)
        if self._ledger.placement(placement_key):
            return None
        name = item if key.kind is Kind.PROXY else _namespace_of(item)
        namespace = self._ledger.namespaces.get(name)
        if key.kind is Kind.LAUNCHER and (namespace is None or item not in namespace.process_ids):
            return None
        version = self._ledger.next_version()
        return Placement(key=placement_key, namespace=name, version=version, wanted=False)

    # === falling silent ===

    def _now_healthy(self) -> frozenset[PeerKey]:
        known = self._peers.all_health()
        return frozenset(key for key, health in known.items() if health is Health.HEALTHY and key in self._ledger.peers)

    def _serving(self, healthy: Collection[PeerKey]) -> dict[str, Peer]:
        return {key.id: self._ledger.peers[key] for key in healthy if key.kind is Kind.PROXY}

    def _is_newly_gone(self, key: PeerKey, peer: Peer) -> bool:
        return not peer.gone and self._peers.health(key) is Health.GONE

    def _give_up(self, key: PeerKey) -> None:
        LOG.warning("%s is gone: what it held is written off", key)
        if key.kind is Kind.LAUNCHER:
            step = partial(self._rehome, key, lambda: self.healthy(Kind.LAUNCHER))
            self._slices.record(self._names_at(key), step)
        self._slices.record(self._names_at(key), partial(moves.write_off, self._ledger, key))

    def _log_difference(self, healthy: frozenset[PeerKey]) -> None:
        for key in sorted(self._healthy - healthy):
            LOG.warning("%s is silent: unhealthy", key)
        for key in sorted(healthy - self._healthy):
            LOG.info("%s is healthy", key)


def _namespace_of(process_id: str) -> str:
    """Return the namespace that a process id of the contract names, or nothing."""
    scope, _, rest = process_id.partition(":")
    return rest.partition(":")[0] if scope == "ns" else ""
