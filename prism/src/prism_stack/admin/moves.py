"""What a change among the peers moves, as changes to the ledger: pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
    """Divide the partitions among the proxies that serve, by id; tell what belongs elsewhere then, for `amend`.

    Without any proxy everything stays where it is: all partitions are covered once there has been a proxy.
    """
    before, after = ledger.ranges(), partitions.divide(proxies)
    if not after:
        return Moves()
    return Moves(
        changes=tuple(_spans(ledger, proxies, after)) if before != after else (),
        partitions=len(partitions.moved(before, after)),
        namespaces=misplaced(ledger, after),
    )


def misplaced(ledger: Ledger, ranges: partitions.Ranges) -> tuple[str, ...]:
    """Return the namespaces that are not where their partitions are."""
    owners = partitions.owners(ranges)
    return tuple(
        each.name for each in ledger.namespaces.values() if _movable(each) and owners[each.partition] != each.proxy_id
    )


def amend(ledger: Ledger, names: Iterable[str]) -> list[Change]:
    """Bring namespaces to the proxies that have their partitions now, and let their processes know where those are."""
    owners = partitions.owners(ledger.ranges())
    found = (ledger.namespaces.get(name) for name in names)
    return [change for each in found if each and _movable(each) for change in _amended(ledger, each, owners)]


def _amended(ledger: Ledger, namespace: Namespace, owners: Sequence[str | None]) -> list[Change]:
    owner = owners[namespace.partition]
    if owner is None:
        return []
    if owner != namespace.proxy_id:
        return move(ledger, namespace, owner, ledger.peers)
    placements = ledger.placements(namespace.name)
    if not _ignorant(placements, ledger.peers[PeerKey(Kind.PROXY, owner)]):
        return []
    return inform(placements, ledger.peers, owner, ledger.next_version())


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
    ignorant = _ignorant(placements, peers[PeerKey(Kind.PROXY, proxy_id)])
    known = proxies_of(list(peers.values()), proxy_id) if ignorant else ""
    return [Put(replace(each, version=version, acknowledged=False, proxies=known)) for each in ignorant]


def _ignorant(placements: Iterable[Placement], proxy: Peer) -> list[Placement]:
    """Return the processes that are not told where a proxy is."""
    place = f"{proxy.key.id}={proxy.control_address}"
    processes = (each for each in placements if each.key.peer.kind is Kind.LAUNCHER and each.wanted)
    return [each for each in processes if place not in each.proxies.split(",")]


def rehome(ledger: Ledger, gone: PeerKey, launchers: Iterable[Peer], names: Iterable[str]) -> list[Change]:
    """Give the processes of a launcher that is gone to others that have room; those without a new home stay its."""
    candidates, load = list(launchers), ledger.load()
    changes: list[Change] = []
    for name in names:
        namespace = ledger.namespaces.get(name)
        if namespace is None or not any(each.wanted for each in _held(ledger, name, gone)):
            continue
        try:
            chosen = choose_launcher(candidates, load, len(namespace.patterns))
        except NoRoom:
            chosen = None
        if chosen:
            load[chosen.key.id] = load.get(chosen.key.id, 0) + len(namespace.patterns)
            changes += _relaunch(ledger, namespace, gone, chosen)
    return changes


def write_off(ledger: Ledger, gone: PeerKey, names: Iterable[str]) -> list[Change]:
    """Give a peer up: it need not let go of anything, and would have to be told again what is still its."""
    held = (each for name in names for each in _held(ledger, name, gone))
    return [
        Put(replace(each, acknowledged=False)) if each.wanted else Drop(each)
        for each in held
        if each.acknowledged or not each.wanted
    ]


def _held(ledger: Ledger, name: str, peer: PeerKey) -> list[Placement]:
    """Return what a peer holds for a namespace."""
    return [each for each in ledger.placements(name) if each.key.peer == peer]


def _relaunch(ledger: Ledger, namespace: Namespace, gone: PeerKey, chosen: Peer) -> list[Change]:
    version = ledger.next_version()
    old = _held(ledger, namespace.name, gone)
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
