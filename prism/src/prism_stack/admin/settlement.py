"""What is to be told now, and what answers change: the messenger's office."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

from prism_stack.admin.changes import Drop, Put
from prism_stack.admin.ledger import Ledger
from prism_stack.admin.messenger import Answer, Errand, Outcome
from prism_stack.admin.model import Health, PeerKey, Phase, PlacementKey
from prism_stack.admin.peers import Peers
from prism_stack.admin.reconcile import Verb, actions, blockers


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What a peer last answered to a telling that has not succeeded yet."""

    version: int
    outcome: Outcome
    peer: PeerKey

    def __str__(self) -> str:
        return f"{self.peer}: {self.outcome.status}: {self.outcome.detail}"


class Settlement:
    """Plans from the ledger, and writes into it what came of the plan."""

    def __init__(self, ledger: Ledger, peers: Peers) -> None:
        self._ledger = ledger
        self._peers = peers
        self._failures: dict[PlacementKey, Failure] = {}
        self._keys_removed: defaultdict[str, int] = defaultdict(int)

    def plan(self, namespace: str) -> list[Errand]:
        """Return what is to be told now, and end a deletion that nothing holds up any more."""
        with self._ledger.lock:
            self._end_deletion(namespace)
            placements = self._ledger.placements(namespace)
            current = self._ledger.namespaces.get(namespace)
            return [
                Errand(action=action, address=peer.control_address, namespace=current)
                for action in actions(placements, self._away(namespace))
                if (peer := self._ledger.peers.get(action.placement.key.peer)) and not peer.gone
            ]

    def settle(self, errand: Errand, outcome: Outcome) -> None:
        """Write down what a peer answered, unless something else is to be told to it by now."""
        with self._ledger.changed:
            told = errand.action.placement
            current = self._ledger.placement(errand.key)
            if current is None:
                self._failures.pop(errand.key, None)
            if current is None or (current.version, current.wanted) != (told.version, told.wanted):
                return
            if outcome.answer is not Answer.DONE:
                self._failures[errand.key] = Failure(version=told.version, outcome=outcome, peer=errand.peer)
                self._ledger.changed.notify_all()
                return
            self._failures.pop(errand.key, None)
            if errand.action.verb is Verb.ASSIGN:
                self._ledger.record([Put(replace(current, acknowledged=True))])
            else:
                self._keys_removed[told.namespace] += outcome.keys_removed
                self._ledger.record([Drop(current)])

    def failures(self, namespace: str) -> list[Failure]:
        """Return what peers last answered about a namespace, where that was no yes."""
        with self._ledger.lock:
            found = ((self._failures.get(each.key), each.version) for each in self._ledger.placements(namespace))
            return [failure for failure, version in found if failure and failure.version == version]

    def take_keys_removed(self, namespace: str) -> int:
        """Return how many keys went with the processes of a namespace, once."""
        with self._ledger.lock:
            return self._keys_removed.pop(namespace, 0)

    def _end_deletion(self, name: str) -> None:
        namespace = self._ledger.namespaces.get(name)
        if namespace is None or namespace.phase is not Phase.DELETING:
            return
        if not blockers(self._ledger.placements(name), self._away(name)):
            self._ledger.record([Drop(namespace)])

    def _away(self, namespace: str) -> frozenset[PeerKey]:
        peers = {each.key.peer for each in self._ledger.placements(namespace)}
        return frozenset(peer for peer in peers if self._peers.health(peer) is not Health.HEALTHY)
