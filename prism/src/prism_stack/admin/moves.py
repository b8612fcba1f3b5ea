"""What a change among the peers moves, as changes to the ledger: pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from prism_stack.admin import partitions
from prism_stack.admin.changes import Change, Drop, Put
from prism_stack.admin.ledger import Ledger
from prism_stack.admin.model import Kind, Namespace, Peer, PeerKey, Phase, Placement, PlacementKey
from prism_stack.admin.placement import NoRoom, choose_launcher, proxies_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """A change of ranges, and what it comes to."""

    changes: tuple[Change, ...] = ()
    partitions: int = 0
    namespaces: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.partitions} of {partitions.PARTITIONS} partitions and {len(self.namespaces)} namespaces move"


def rebalance(ledger: Ledger, proxies: Mapping[str, Peer]) -> Moves:
    """Divide the partitions among the proxies that serve, by id, and move what belongs elsewhere now.

    Without any proxy everything stays where it is: all partitions are covered once there has been a proxy.
    """
    before, after = ledger.ranges(), partitions.divide(proxies)
    if not after or before == after:
        return Moves()
    moved = partitions.moved(before, after)
    owners = partitions.owners(after)
    touched = [each for each in ledger.namespaces.values() if each.partition in moved and _movable(each)]
    peers = {**ledger.peers, **{peer.key: peer for peer in proxies.values()}}
    spans = _spans(ledger, proxies, after)
    moving = [change for each in touched for change in move(ledger, each, str(owners[each.partition]), peers)]
    # Changes of one kind stand together, which is how the store writes many of them fast.
    moving.sort(key=lambda change: type(change.row) is Placement)
    return Moves(
        changes=(*spans, *moving), partitions=len(moved), namespaces=tuple(namespace.name for namespace in touched)
    )


def move(ledger: Ledger, namespace: Namespace, proxy_id: str, peers: Mapping[PeerKey, Peer]) -> list[Change]:
    """Give a namespace to another proxy; the old one lets go of it later, and its runners hear of a new address."""
    version = ledger.next_version()
    new = PlacementKey(PeerKey(Kind.PROXY, proxy_id), namespace.name)
    placements = ledger.placements(namespace.name)
    old = [each for each in placements if each.key.peer.kind is Kind.PROXY and each.wanted and each.key != new]
    return [
        Put(replace(namespace, proxy_id=proxy_id, version=version)),
        *(_let_go(each, peers) for each in old),
        Put(Placement(key=new, namespace=namespace.name, version=version)),
        *inform(placements, peers, proxy_id, version),
    ]


def inform(placements: Iterable[Placement], peers: Mapping[PeerKey, Peer], proxy_id: str, version: int) -> list[Change]:
    """Tell the processes of a namespace where to register, if they do not know where its proxy is."""
    proxy = peers[PeerKey(Kind.PROXY, proxy_id)]
    place = f"{proxy_id}={proxy.control_address}"
    processes = (each for each in placements if each.key.peer.kind is Kind.LAUNCHER and each.wanted)
    ignorant = [each for each in processes if place not in each.proxies.split(",")]
    known = proxies_of(list(peers.values()), proxy_id) if ignorant else ""
    return [Put(replace(each, version=version, acknowledged=False, proxies=known)) for each in ignorant]


def rehome(ledger: Ledger, gone: PeerKey, launchers: Iterable[Peer]) -> list[Change]:
    """Give the processes of a launcher that is gone to others that have room; those without a new home stay its."""
    candidates, load = list(launchers), ledger.load()
    changes: list[Change] = []
    for name in sorted({each.namespace for each in ledger.at(gone) if each.wanted}):
        namespace = ledger.namespaces[name]
        try:
            chosen = choose_launcher(candidates, load, len(namespace.patterns))
        except NoRoom:
            chosen = None
        if chosen:
            load[chosen.key.id] = load.get(chosen.key.id, 0) + len(namespace.patterns)
            changes += _relaunch(ledger, namespace, gone, chosen)
    return changes


def write_off(ledger: Ledger, gone: Peer) -> list[Change]:
    """Give a peer up: it need not let go of anything, and would have to be told again what is still its."""
    held = ledger.at(gone.key)
    return [
        Put(replace(gone, gone=True)),
        *(Put(replace(each, acknowledged=False)) if each.wanted else Drop(each) for each in held),
    ]


def _relaunch(ledger: Ledger, namespace: Namespace, gone: PeerKey, chosen: Peer) -> list[Change]:
    version = ledger.next_version()
    old = [each for each in ledger.placements(namespace.name) if each.key.peer == gone]
    new = (replace(each, key=PlacementKey(chosen.key, each.key.item), version=version) for each in old)
    return [
        Put(replace(namespace, launcher_id=chosen.key.id, version=version)),
        *(Drop(each) for each in old),
        *(Put(replace(each, wanted=True, acknowledged=False)) for each in new),
    ]


def _let_go(placement: Placement, peers: Mapping[PeerKey, Peer]) -> Change:
    """A peer that was given up is not told anything."""
    return (
        Drop(placement) if peers[placement.key.peer].gone else Put(replace(placement, wanted=False, acknowledged=False))
    )


def _movable(namespace: Namespace) -> bool:
    return namespace.phase is not Phase.DELETING


def _spans(ledger: Ledger, proxies: Mapping[str, Peer], after: partitions.Ranges) -> list[Change]:
    """Return the proxies whose range is another one now."""
    former = {key.id: peer for key, peer in ledger.peers.items() if key.kind is Kind.PROXY}
    known = {**former, **proxies}
    return [
        Put(replace(peer, span=after.get(peer_id)))
        for peer_id, peer in sorted(known.items())
        if peer.span != after.get(peer_id)
    ]
