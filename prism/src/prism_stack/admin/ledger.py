"""What the admin knows, in memory and on disk alike: every change is saved before it is true.

Facts that others made true (an acknowledgement, a peer's end) cannot be refused: they are taken at once, and saved
with the next change, or by `flush`. Losing them to a crash costs a repeat of what was told.
"""

from __future__ import annotations

import bisect
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

from prism_stack.admin.changes import Change, Drop, Put, Row
from prism_stack.admin.model import Kind, Namespace, Peer, PeerKey, Phase, Placement, PlacementKey
from prism_stack.admin.partitions import Range
from prism_stack.admin.store import Contents

Outer = TypeVar("Outer")
Inner = TypeVar("Inner")


class Saves(Protocol):
    """What a ledger is kept on."""

    def load(self) -> Contents:
        """Return everything that was saved."""

    def save(self, changes: Sequence[Change], last_version: int) -> None:
        """Make all changes or none, and raise `StoreFailed` where none was made."""


class Ledger:
    """Namespaces, peers and placements. Whoever reads or changes more than one value holds `lock`."""

    def __init__(self, store: Saves, wall_millis: Callable[[], int]) -> None:
        contents = store.load()
        self._wall_millis = wall_millis
        self._store = store
        self._version = contents.last_version
        self._unsaved: list[Change] = []
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.peers: dict[PeerKey, Peer] = {}
        self.namespaces: dict[str, Namespace] = {}
        self.names: list[str] = []
        self._of_namespace: defaultdict[str, dict[PlacementKey, Placement]] = defaultdict(dict)
        self._of_peer: defaultdict[PeerKey, dict[str, Placement]] = defaultdict(dict)
        self._wanted: Counter[PeerKey] = Counter()
        known: tuple[Row, ...] = (*contents.peers, *contents.namespaces, *contents.placements)
        self._apply(map(Put, known))

    def next_version(self) -> int:
        """Return a version above every other one, also above those of a database that was lost."""
        with self.lock:
            self._version = max(self._version + 1, self._wall_millis())
            return self._version

    def commit(self, changes: Sequence[Change]) -> None:
        """Make changes true once they are saved; raise `StoreFailed`, and change nothing, where they cannot be."""
        with self.lock:
            self._store.save([*self._unsaved, *changes], self._version)
            self._unsaved.clear()
            self._apply(changes)

    def record(self, changes: Sequence[Change]) -> None:
        """Make changes true that nobody can refuse; they are saved with the next ones."""
        with self.lock:
            self._unsaved += changes
            self._apply(changes)

    def flush(self) -> None:
        """Save what was recorded; raise `StoreFailed` and keep it for another time if it cannot be."""
        with self.lock:
            if self._unsaved:
                self.commit([])

    def placements(self, namespace: str) -> tuple[Placement, ...]:
        """Return what peers are to hold, or to let go of, for a namespace."""
        return tuple(self._of_namespace.get(namespace, {}).values())

    def at(self, peer: PeerKey) -> tuple[Placement, ...]:
        """Return what a peer is to hold, or to let go of."""
        return tuple(self._of_peer.get(peer, {}).values())

    def wanted(self, peer: PeerKey) -> int:
        """Return how many things a peer is to hold."""
        return self._wanted[peer]

    def placement(self, key: PlacementKey) -> Placement | None:
        """Return one of them."""
        return self._of_peer.get(key.peer, {}).get(key.item)

    def items(self, peer: PeerKey) -> set[str]:
        """Return the names of what a peer may hold."""
        return set(self._of_peer.get(peer, ()))

    def unsettled(self) -> set[str]:
        """Return the namespaces about which something is left to be told or to be ended."""
        with self.lock:
            told = {name for name, group in self._of_namespace.items() if not all(map(_is_settled, group.values()))}
            return told | {name for name, each in self.namespaces.items() if each.phase is Phase.DELETING}

    def load(self) -> dict[str, int]:
        """Return how many processes each launcher has, those that are on their way out included."""
        return {peer.id: len(items) for peer, items in self._of_peer.items() if peer.kind is Kind.LAUNCHER}

    def ranges(self) -> dict[str, Range]:
        """Return the partitions of each proxy that has some."""
        return {key.id: peer.span for key, peer in self.peers.items() if peer.span}

    def _apply(self, changes: Iterable[Change]) -> None:
        for change in changes:
            match change:
                case Put(row=Peer() as peer):
                    self.peers[peer.key] = peer
                case Drop(row=Peer() as peer):
                    self.peers.pop(peer.key, None)
                case Put(row=Namespace() as namespace):
                    self._put_namespace(namespace)
                case Drop(row=Namespace() as namespace):
                    self._drop_namespace(namespace)
                case Put(row=Placement() as placement):
                    self._put_placement(placement)
                case Drop(row=Placement() as placement):
                    self._drop_placement(placement)
        with self.changed:
            self.changed.notify_all()

    def _put_namespace(self, namespace: Namespace) -> None:
        if namespace.name not in self.namespaces:
            bisect.insort(self.names, namespace.name)
        self.namespaces[namespace.name] = namespace

    def _drop_namespace(self, namespace: Namespace) -> None:
        if self.namespaces.pop(namespace.name, None):
            del self.names[bisect.bisect_left(self.names, namespace.name)]

    def _put_placement(self, placement: Placement) -> None:
        key = placement.key
        former = self.placement(key)
        self._wanted[key.peer] += placement.wanted - bool(former and former.wanted)
        self._of_namespace[placement.namespace][key] = placement
        self._of_peer[key.peer][key.item] = placement

    def _drop_placement(self, placement: Placement) -> None:
        former = self.placement(placement.key)
        self._wanted[placement.key.peer] -= bool(former and former.wanted)
        _discard(self._of_namespace, placement.namespace, placement.key)
        _discard(self._of_peer, placement.key.peer, placement.key.item)


def _is_settled(placement: Placement) -> bool:
    return placement.settled


def _discard(index: dict[Outer, dict[Inner, Placement]], outer: Outer, inner: Inner) -> None:
    """Take an entry out, and its group with the last one, so that an index does not grow with what was."""
    group = index.get(outer, {})
    group.pop(inner, None)
    if not group:
        index.pop(outer, None)
