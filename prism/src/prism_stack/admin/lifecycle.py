"""A namespace's life: created when its proxy and its processes have said yes, deleted when they have let go."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

from prism_stack.admin.changes import Change, Drop, Put
from prism_stack.admin.errors import Clash, NotAcknowledged, NotNow, PeerRefused, StoreFailed
from prism_stack.admin.ledger import Ledger
from prism_stack.admin.membership import Membership
from prism_stack.admin.messenger import Answer
from prism_stack.admin.model import Kind, Namespace, Pattern, Peer, PeerKey, Phase, Placement, PlacementKey
from prism_stack.admin.partitions import owner_of, partition_of
from prism_stack.admin.placement import NoRoom, choose_launcher, proxies_of
from prism_stack.admin.settlement import Failure, Settlement
from prism_stack.control.refusals import Full, Unknown

LOG = logging.getLogger("prism-admin")
MOST_WAITING = 32
"""Callers that may wait for peers at one time; each holds a thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A namespace that somebody wants."""

    name: str
    config: bytes
    patterns: tuple[Pattern, ...]
    requesting_proxy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """Time, as it is passed in."""

    seconds: Callable[[], float]
    """Since some moment."""
    wall_millis: Callable[[], int]


class Lifecycle:
    """Creates and deletes."""

    def __init__(self, ledger: Ledger, membership: Membership, settlement: Settlement, clocks: Clocks) -> None:
        self._ledger = ledger
        self._membership = membership
        self._settlement = settlement
        self._clocks = clocks
        self._waiting = threading.BoundedSemaphore(MOST_WAITING)
        self._stopping = False
        self.nudge: Callable[[list[str]], None] = lambda _: None

    def undo_unfinished(self) -> None:
        """Take back what was being created when the last admin ended: nobody was told that it exists."""
        with self._ledger.lock:
            for namespace in list(self._ledger.namespaces.values()):
                if namespace.phase is Phase.PENDING:
                    self._ledger.record(self._withdrawal(namespace))

    def stop(self) -> None:
        """Let nobody wait any longer: the admin ends, and their calls have ended already."""
        with self._ledger.changed:
            self._stopping = True
            self._ledger.changed.notify_all()

    def create(self, wish: Wish, patience: timedelta) -> Namespace:
        """Return the namespace once its peers have said yes; otherwise raise, and leave nothing of it."""
        with self._queue():
            deadline = self._clocks.seconds() + patience.total_seconds()
            with self._ledger.changed:
                self._await_end_of_former(wish.name, deadline)
                existing = self._ledger.namespaces.get(wish.name)
                if existing:
                    return self._join(existing, wish, deadline)
                pending = self._begin(wish)
            self.nudge([wish.name])
            return self._complete(pending, deadline, patience)

    def delete(self, name: str, grace: timedelta, patience: timedelta) -> int:
        """Return how many keys went, once routes, processes and keys are gone."""
        with self._queue():
            deadline = self._clocks.seconds() + patience.total_seconds()
            with self._ledger.changed:
                namespace = self._ledger.namespaces.get(name)
                if namespace is None:
                    raise Unknown("namespace", name)
                if namespace.phase is Phase.PENDING:
                    raise NotNow(f"namespace {name} is being created")
                if namespace.phase is Phase.ACTIVE:
                    self._ledger.commit(self._deletion(namespace, grace))
            self.nudge([name])
            with self._ledger.changed:
                if not self._wait(lambda: not self._is_deleting(name), deadline):
                    raise NotAcknowledged(f"deletion of {name} goes on", patience, self._waiting_for(name))
                self._ledger.flush()
                return self._settlement.take_keys_removed(name)

    # === creating ===

    def _await_end_of_former(self, name: str, deadline: float) -> None:
        if not self._wait(lambda: not self._is_deleting(name), deadline):
            raise NotNow(f"namespace {name} is being deleted; {self._waiting_for(name)}")

    def _join(self, existing: Namespace, wish: Wish, deadline: float) -> Namespace:
        """Answer for a namespace that is there; one that another caller creates is waited for."""
        if existing.config != wish.config:
            raise Clash(wish.name)
        version = existing.version
        self._wait(lambda: self._phase(wish.name) is not Phase.PENDING, deadline)
        current = self._ledger.namespaces.get(wish.name)
        if current is None or current.phase is not Phase.ACTIVE:
            raise NotNow(f"namespace {wish.name} (version {version}) was being created by another caller, who failed")
        return current

    def _begin(self, wish: Wish) -> Namespace:
        proxy, launcher = self._choose(wish)
        version = self._ledger.next_version()
        namespace = Namespace(
            name=wish.name,
            partition=partition_of(wish.name),
            config=wish.config,
            patterns=wish.patterns,
            proxy_id=proxy.key.id,
            launcher_id=launcher.key.id,
            phase=Phase.PENDING,
            version=version,
            created_at_millis=self._clocks.wall_millis(),
        )
        self._settlement.take_keys_removed(wish.name)
        proxies = proxies_of(list(self._ledger.peers.values()), proxy.key.id)
        at_proxy = Placement(key=PlacementKey(proxy.key, wish.name), namespace=wish.name, version=version)
        at_launcher = (
            replace(at_proxy, key=PlacementKey(launcher.key, process_id), proxies=proxies)
            for process_id in namespace.process_ids
        )
        self._ledger.commit([Put(namespace), Put(at_proxy), *map(Put, at_launcher)])
        return namespace

    def _choose(self, wish: Wish) -> tuple[Peer, Peer]:
        if wish.requesting_proxy and PeerKey(Kind.PROXY, wish.requesting_proxy) not in self._ledger.peers:
            raise Unknown("proxy", wish.requesting_proxy)
        proxies = {peer.key.id: peer for peer in self._membership.healthy(Kind.PROXY)}
        proxy = proxies.get(owner_of(partition_of(wish.name), self._ledger.ranges()) or "")
        try:
            launchers = self._membership.healthy(Kind.LAUNCHER)
            launcher = choose_launcher(launchers, self._ledger.load(), len(wish.patterns))
        except NoRoom:
            raise Full("every healthy launcher has reached its max_processes") from None
        missing = [kind for kind, peer in (("proxy", proxy), ("launcher", launcher)) if peer is None]
        if proxy is None or launcher is None:
            raise NotNow(f"no healthy {' and no healthy '.join(missing)}")
        return proxy, launcher

    def _complete(self, namespace: Namespace, deadline: float, patience: timedelta) -> Namespace:
        try:
            with self._ledger.changed:
                self._wait(lambda: self._is_acknowledged(namespace.name) or bool(self._refusal(namespace)), deadline)
                if not self._is_acknowledged(namespace.name):
                    raise self._failure(namespace, patience)
                # It may have moved to another proxy meanwhile.
                active = replace(self._ledger.namespaces[namespace.name], phase=Phase.ACTIVE)
                self._ledger.commit([Put(active)])
                return active
        except (PeerRefused, NotAcknowledged, StoreFailed):
            with self._ledger.lock:
                self._ledger.record(self._withdrawal(self._ledger.namespaces[namespace.name]))
            self.nudge([namespace.name])
            raise

    def _failure(self, namespace: Namespace, patience: timedelta) -> PeerRefused | NotAcknowledged:
        refusal = self._refusal(namespace)
        if refusal is None:
            return NotAcknowledged(f"namespace {namespace.name}", patience, self._waiting_for(namespace.name))
        full = refusal.outcome.status == Full.status
        return PeerRefused(namespace.name, str(refusal), Full.status if full else PeerRefused.status)

    def _refusal(self, namespace: Namespace) -> Failure | None:
        failures = self._settlement.failures(namespace.name)
        return next((each for each in failures if each.outcome.answer is Answer.REFUSED), None)

    def _withdrawal(self, namespace: Namespace) -> list[Change]:
        """Take back a creation: the name is free at once, and the peers are told to let go for as long as it takes."""
        placements = self._ledger.placements(namespace.name)
        unwanted = (replace(each, wanted=False, acknowledged=False) for each in placements)
        return [Drop(namespace), *map(Put, unwanted)]

    # === deleting ===

    def _deletion(self, namespace: Namespace, grace: timedelta) -> list[Change]:
        placements = self._ledger.placements(namespace.name)
        unwanted = (replace(each, wanted=False, acknowledged=False, purge=True) for each in placements)
        return [Put(replace(namespace, phase=Phase.DELETING, grace=grace)), *map(Put, unwanted)]

    # === waiting ===

    @contextmanager
    def _queue(self) -> Iterator[None]:
        if not self._waiting.acquire(blocking=False):
            raise Full(f"{MOST_WAITING} namespaces are being created or deleted at this moment")
        try:
            yield
        finally:
            self._waiting.release()

    def _wait(self, holds: Callable[[], bool], deadline: float) -> bool:
        """Return whether it holds, in the end."""
        self._ledger.changed.wait_for(lambda: self._stopping or holds(), max(0.0, deadline - self._clocks.seconds()))
        return holds()

    def _is_acknowledged(self, name: str) -> bool:
        return all(each.acknowledged for each in self._ledger.placements(name) if each.wanted)

    def _phase(self, name: str) -> Phase | None:
        namespace = self._ledger.namespaces.get(name)
        return namespace.phase if namespace else None

    def _is_deleting(self, name: str) -> bool:
        return self._phase(name) is Phase.DELETING

    def _waiting_for(self, name: str) -> str:
        peers = sorted({str(each.key.peer) for each in self._ledger.placements(name) if not each.settled})
        failures = map(str, self._settlement.failures(name))
        return "; ".join([f"waiting for {', '.join(peers) or 'nobody'}", *failures])
