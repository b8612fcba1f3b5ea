"""What people are shown of namespaces and peers."""

from __future__ import annotations

import bisect
from collections.abc import Iterable

from prism.admin.admin_pb2 import LauncherInfo, NamespaceInfo, ProxyInfo
from prism_stack.admin import convert
from prism_stack.admin.ledger import Ledger
from prism_stack.admin.model import Condition, Health, Kind, Namespace, Peer, PeerKey
from prism_stack.admin.peers import Peers
from prism_stack.admin.settlement import Settlement
from prism_stack.admin.status import status_of
from prism_stack.control.refusals import Unknown


class View:
    """Reads the ledger for people."""

    def __init__(self, ledger: Ledger, peers: Peers, settlement: Settlement) -> None:
        self._ledger = ledger
        self._peers = peers
        self._settlement = settlement

    def namespaces(self, after: str, most: int) -> tuple[list[NamespaceInfo], str]:
        """Return the namespaces after a name, by name, and the name to go on after, if there are more."""
        with self._ledger.lock:
            names = self._ledger.names
            first = bisect.bisect_right(names, after)
            page = names[first : first + most]
            following = page[-1] if page and first + most < len(names) else ""
            return [self._namespace(self._ledger.namespaces[name]) for name in page], following

    def namespace(self, name: str) -> NamespaceInfo:
        """Return one namespace."""
        with self._ledger.lock:
            found = self._ledger.namespaces.get(name)
            if found is None:
                raise Unknown("namespace", name)
            return self._namespace(found)

    def proxies(self) -> list[ProxyInfo]:
        """Return the proxies, by id."""
        with self._ledger.lock:
            return [self._proxy(peer) for peer in self._of_kind(Kind.PROXY)]

    def launchers(self) -> list[LauncherInfo]:
        """Return the launchers, by id."""
        with self._ledger.lock:
            return [self._launcher(peer) for peer in self._of_kind(Kind.LAUNCHER)]

    def _namespace(self, namespace: Namespace) -> NamespaceInfo:
        status = status_of(namespace, self._condition(namespace))
        return NamespaceInfo(
            namespace=namespace.name,
            partition_id=namespace.partition,
            proxy_id=namespace.proxy_id,
            launcher_id=namespace.launcher_id,
            process_id=namespace.process_ids[0],
            status=status.word,
            config=convert.shown_config(namespace.config),
            version=namespace.version,
            created_at_millis=namespace.created_at_millis,
            reason=status.reason,
        )

    def _condition(self, namespace: Namespace) -> Condition:
        launcher = PeerKey(Kind.LAUNCHER, namespace.launcher_id)
        processes = (self._peers.process(launcher, process_id) for process_id in namespace.process_ids)
        return Condition(
            proxy=self._peers.health(PeerKey(Kind.PROXY, namespace.proxy_id)),
            launcher=self._peers.health(launcher),
            processes=tuple(filter(None, processes)),
            placements=self._ledger.placements(namespace.name),
            refusals=tuple(map(str, self._settlement.failures(namespace.name))),
        )

    def _proxy(self, peer: Peer) -> ProxyInfo:
        return ProxyInfo(
            proxy_id=peer.key.id,
            address=peer.address,
            control_address=peer.control_address,
            status=self._health(peer),
            partition_ranges=[convert.partition_range(peer.span)] if peer.span else [],
            namespaces=self._ledger.wanted(peer.key),
            last_heartbeat_millis=self._peers.heard_millis(peer.key),
            version=peer.version,
        )

    def _launcher(self, peer: Peer) -> LauncherInfo:
        return LauncherInfo(
            launcher_id=peer.key.id,
            address=peer.address,
            status=self._health(peer),
            processes=self._ledger.wanted(peer.key),
            max_processes=peer.max_processes,
            last_heartbeat_millis=self._peers.heard_millis(peer.key),
            version=peer.version,
        )

    def _health(self, peer: Peer) -> str:
        return (Health.GONE if peer.gone else self._peers.health(peer.key)).value

    def _of_kind(self, kind: Kind) -> Iterable[Peer]:
        return (self._ledger.peers[key] for key in sorted(self._ledger.peers) if key.kind is kind)
