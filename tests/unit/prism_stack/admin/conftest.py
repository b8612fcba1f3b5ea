"""A ledger on a store in memory, and values to fill it with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from prism_stack.admin.changes import Change, Put
from prism_stack.admin.errors import StoreFailed
from prism_stack.admin.ledger import Ledger
from prism_stack.admin.model import Kind, Namespace, Pattern, Peer, PeerKey, Phase, Placement, PlacementKey
from prism_stack.admin.partitions import Range, partition_of
from prism_stack.admin.store import Contents

EMPTY = Contents(last_version=0, peers=(), namespaces=(), placements=())


@dataclass
class FakeStore:
    """Keeps what was saved in a list, or fails."""

    contents: Contents = EMPTY
    saved: list[Change] = field(default_factory=list)
    fails: bool = False

    def load(self) -> Contents:
        """Return what it was made with."""
        return self.contents

    def save(self, changes: Sequence[Change], last_version: int) -> None:
        """Take note, or fail as a full disk does."""
        del last_version
        if self.fails:
            raise StoreFailed(OSError("full"))
        self.saved += changes


def proxy_of(proxy_id: str, span: Range | None = None, *, gone: bool = False) -> Peer:
    """Return a proxy."""
    address = f"{proxy_id}:1"
    key = PeerKey(Kind.PROXY, proxy_id)
    return Peer(key=key, address=address, control_address=address, heartbeat=timedelta(seconds=1), span=span, gone=gone)


def launcher_of(launcher_id: str, max_processes: int = 0, process_types: frozenset[str] = frozenset()) -> Peer:
    """Return a launcher."""
    return Peer(
        key=PeerKey(Kind.LAUNCHER, launcher_id),
        address=f"{launcher_id}:1",
        control_address=f"{launcher_id}:1",
        heartbeat=timedelta(seconds=1),
        max_processes=max_processes,
        process_types=process_types,
    )


def namespace_of(name: str, proxy_id: str = "p1", launcher_id: str = "l1", phase: Phase = Phase.ACTIVE) -> Namespace:
    """Return a namespace with one pattern."""
    return Namespace(
        name=name,
        partition=partition_of(name),
        config=b"",
        patterns=(Pattern(name="keyvalue"),),
        proxy_id=proxy_id,
        launcher_id=launcher_id,
        phase=phase,
        version=1,
        created_at_millis=1,
    )


def placements_of(namespace: Namespace, *, acknowledged: bool = True) -> list[Placement]:
    """Return what its proxy and its launcher are to hold."""
    at_proxy = PlacementKey(PeerKey(Kind.PROXY, namespace.proxy_id), namespace.name)
    at_launcher = PlacementKey(PeerKey(Kind.LAUNCHER, namespace.launcher_id), namespace.process_ids[0])
    proxies = f"{namespace.proxy_id}={namespace.proxy_id}:1"
    return [
        Placement(
            key=key, namespace=namespace.name, version=1, acknowledged=acknowledged, proxies=proxies * (key != at_proxy)
        )
        for key in (at_proxy, at_launcher)
    ]


@pytest.fixture
def store() -> FakeStore:
    """A store that fails when told to."""
    return FakeStore()


@pytest.fixture
def ledger(store: FakeStore) -> Ledger:
    """An empty ledger."""
    return Ledger(store, lambda: 0)


@pytest.fixture
def filled(ledger: Ledger) -> Callable[..., Ledger]:
    """Fill the ledger with peers, and with namespaces and what their peers hold."""

    def fill(*rows: Peer | Namespace) -> Ledger:
        placements = [each for row in rows if isinstance(row, Namespace) for each in placements_of(row)]
        ledger.commit([Put(row) for row in (*rows, *placements)])
        return ledger

    return fill
