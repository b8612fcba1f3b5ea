"""Peers that join, fall silent and come back, as the ledger has them afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import pytest
from tests.unit.prism_stack.admin.conftest import FakeStore, launcher_of, namespace_of, placements_of, proxy_of

from prism_stack.admin.changes import Put
from prism_stack.admin.errors import StoreFailed
from prism_stack.admin.ledger import Ledger
from prism_stack.admin.membership import Membership
from prism_stack.admin.model import Kind, PeerKey
from prism_stack.admin.partitions import Range, owner_of
from prism_stack.admin.peers import MISSED_GONE, MISSED_UNHEALTHY, Peers
from prism_stack.admin.slices import SLICE
from prism_stack.admin.store import Contents

NAMES = [f"n{number}" for number in range(4 * SLICE)]
"""More than two slices of them move when a second proxy comes."""


@dataclass
class Office:
    """A membership before a ledger, with a clock that a test moves."""

    ledger: Ledger
    now: float = 0.0
    nudged: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.peers = Peers(lambda: self.now, lambda: 0)
        self.membership = Membership(self.ledger, self.peers, self.nudge)

    def nudge(self, names: Iterable[str]) -> None:
        """Take note."""
        self.nudged += names

    def misplaced(self) -> list[str]:
        """Return the namespaces that are not at the proxy that has their partition."""
        ranges = self.ledger.ranges()
        found = self.ledger.namespaces.values()
        return [each.name for each in found if each.proxy_id != owner_of(each.partition, ranges)]

    def uninformed(self) -> list[str]:
        """Return the namespaces whose process does not know where their proxy is."""
        return [
            each.name
            for each in self.ledger.namespaces.values()
            for placement in self.ledger.placements(each.name)
            if placement.key.peer.kind is Kind.LAUNCHER
            and f"{each.proxy_id}={self._address(each.proxy_id)}" not in placement.proxies.split(",")
        ]

    def _address(self, proxy_id: str) -> str:
        return self.ledger.peers[PeerKey(Kind.PROXY, proxy_id)].control_address


@pytest.fixture
def office(filled: Callable[..., Ledger]) -> Office:
    """One proxy with many namespaces, and one launcher."""
    whole = proxy_of("p1", Range(0, 255))
    return Office(filled(whole, launcher_of("l1"), *map(namespace_of, NAMES)))


def test_a_proxy_that_joins_is_welcomed_with_all_that_moves_to_it(office: Office) -> None:
    """However many that are; the answer counts them, and everybody concerned is nudged."""
    welcome = office.membership.register(proxy_of("p2"))
    moved = {namespace.name for namespace, _ in welcome.assignments}

    assert len(moved) > SLICE
    assert f"{len(moved)} namespaces move" in welcome.message
    assert office.misplaced() == office.uninformed() == []
    assert moved <= set(office.nudged)


def test_a_move_that_a_full_disk_cut_short_is_gone_on_with(office: Office, store: FakeStore) -> None:
    """By the next registration, or by the next review; the caller is told that it was not done."""
    save, left = store.save, [2]

    def save_twice(*arguments: object) -> None:
        left[0] -= 1
        store.fails = left[0] < 0
        save(*arguments)  # type: ignore[arg-type]

    store.save = save_twice  # type: ignore[method-assign, assignment]
    with pytest.raises(StoreFailed):
        office.membership.register(proxy_of("p2"))
    assert office.misplaced()
    store.save, store.fails = save, False  # type: ignore[method-assign]

    office.membership.review()
    assert office.misplaced() == office.uninformed() == []


def test_a_move_that_a_crash_cut_short_is_gone_on_with() -> None:
    """The ranges were saved, the namespaces are still where they were."""
    namespaces = tuple(map(namespace_of, NAMES))
    placements = tuple(each for namespace in namespaces for each in placements_of(namespace))
    peers = (proxy_of("p1", Range(0, 127)), proxy_of("p2", Range(128, 255)), launcher_of("l1"))
    contents = Contents(last_version=1, peers=peers, namespaces=namespaces, placements=placements)
    office = Office(Ledger(FakeStore(contents), lambda: 0))
    assert office.misplaced()

    office.membership.review()
    assert office.misplaced() == office.uninformed() == []


def test_what_a_gone_launcher_left_behind_in_a_crash_is_given_to_another() -> None:
    """It was saved that it is gone, and no more."""
    namespaces = tuple(map(namespace_of, NAMES))
    placements = tuple(each for namespace in namespaces for each in placements_of(namespace))
    peers = (proxy_of("p1", Range(0, 255)), replace(launcher_of("l1"), gone=True), launcher_of("l2"))
    contents = Contents(last_version=1, peers=peers, namespaces=namespaces, placements=placements)
    office = Office(Ledger(FakeStore(contents), lambda: 0))
    office.membership.register(launcher_of("l2"))
    office.membership.review()

    assert {each.launcher_id for each in office.ledger.namespaces.values()} == {"l2"}
    assert office.ledger.load() == {"l2": len(NAMES)}


def test_a_silent_proxys_namespaces_move_and_a_gone_launchers_processes_too(office: Office) -> None:
    """To whoever is heard of."""
    office.membership.register(proxy_of("p2"))
    office.membership.register(launcher_of("l2"))
    office.now = MISSED_UNHEALTHY
    office.peers.hear(PeerKey(Kind.PROXY, "p2"))
    office.membership.review()
    assert {each.proxy_id for each in office.ledger.namespaces.values()} == {"p2"}

    office.now = MISSED_GONE
    office.peers.register(launcher_of("l2"))
    office.peers.register(proxy_of("p2"))
    office.membership.review()
    assert {each.launcher_id for each in office.ledger.namespaces.values()} == {"l2"}
    assert office.ledger.at(PeerKey(Kind.LAUNCHER, "l1")) == ()


def test_what_a_gone_peer_alone_could_hold_is_to_be_told_again(office: Office) -> None:
    """Nobody else is there to take it."""
    office.now = MISSED_GONE
    office.membership.review()

    held = office.ledger.at(PeerKey(Kind.LAUNCHER, "l1"))
    assert len(held) == len(NAMES)
    assert not any(each.acknowledged for each in held)


def test_a_proxy_under_another_address_is_told_to_all_its_processes(office: Office) -> None:
    """However many they are."""
    office.membership.register(replace(proxy_of("p1"), control_address="elsewhere:1"))

    assert office.uninformed() == []


def test_a_review_without_news_changes_nothing(office: Office, store: FakeStore) -> None:
    """Ten a second cost nothing."""
    office.membership.review()
    before = len(store.saved)
    office.membership.review()

    assert len(store.saved) == before


def test_a_whole_ledger_is_left_as_it_is_by_the_first_review(office: Office, store: FakeStore) -> None:
    """The look for what a crash left finds nothing."""
    before = len(store.saved)
    office.membership.review()

    assert len(store.saved) == before
    assert office.nudged == []
    assert office.ledger.namespaces["n0"] == namespace_of("n0")
    office.ledger.commit([Put(launcher_of("l2"))])
