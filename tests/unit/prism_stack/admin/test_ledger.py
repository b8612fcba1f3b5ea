"""The ledger: saved before it is true, and true at once where nobody can refuse it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.prism_stack.admin.conftest import FakeStore, namespace_of, placements_of, proxy_of

from prism_stack.admin.changes import Drop, Put
from prism_stack.admin.errors import StoreFailed
from prism_stack.admin.ledger import Ledger
from prism_stack.admin.model import Kind, PeerKey

ORDERS = namespace_of("orders")


def test_a_commit_that_cannot_be_saved_changes_nothing(ledger: Ledger, store: FakeStore) -> None:
    """In memory as little as on disk."""
    store.fails = True
    with pytest.raises(StoreFailed):
        ledger.commit([Put(ORDERS)])

    assert (ledger.namespaces, ledger.names) == ({}, [])


def test_a_record_is_true_at_once_and_saved_with_the_next_commit(ledger: Ledger, store: FakeStore) -> None:
    """In the order in which things happened."""
    store.fails = True
    ledger.record([Put(ORDERS)])
    assert ledger.namespaces == {"orders": ORDERS}
    with pytest.raises(StoreFailed):
        ledger.flush()

    store.fails = False
    ledger.commit([Drop(ORDERS)])
    ledger.flush()
    assert store.saved == [Put(ORDERS), Drop(ORDERS)]
    assert ledger.namespaces == {}


def test_names_stay_sorted_whatever_comes_and_goes(ledger: Ledger) -> None:
    """Pages are cut out of them."""
    for name in ("b", "c", "a", "b"):
        ledger.commit([Put(namespace_of(name))])
    ledger.commit([Drop(namespace_of("c")), Drop(namespace_of("never"))])

    assert ledger.names == ["a", "b"]


def test_placements_are_found_by_namespace_by_peer_and_by_both(ledger: Ledger) -> None:
    """And by nothing once they are dropped."""
    at_proxy, at_launcher = placements_of(ORDERS)
    ledger.commit([Put(at_proxy), Put(at_launcher)])
    assert set(ledger.placements("orders")) == {at_proxy, at_launcher}
    assert ledger.at(PeerKey(Kind.PROXY, "p1")) == (at_proxy,)
    assert ledger.placement(at_launcher.key) == at_launcher
    assert (ledger.items(at_proxy.key.peer), ledger.load()) == ({"orders"}, {"l1": 1})

    ledger.commit([Drop(at_proxy), Drop(at_launcher)])
    assert (ledger.placements("orders"), ledger.at(at_proxy.key.peer), ledger.load()) == ((), (), {})


def test_what_is_wanted_at_a_peer_is_counted_as_it_comes_and_goes(ledger: Ledger) -> None:
    """Each thing once, whatever is put of it; what is to be let go of does not count."""
    at_proxy, _ = placements_of(ORDERS)
    other = replace(at_proxy, key=replace(at_proxy.key, item="other"))
    unwanted = replace(at_proxy, wanted=False)
    counts = []
    for change in (
        Put(at_proxy),
        Put(at_proxy),
        Put(other),
        Put(unwanted),
        Put(at_proxy),
        Drop(at_proxy),
        Drop(at_proxy),
    ):
        ledger.commit([change])
        counts.append(ledger.wanted(at_proxy.key.peer))

    assert counts == [1, 1, 2, 1, 2, 1, 1]


def test_versions_grow_and_stay_above_those_of_a_lost_database() -> None:
    """By the wall clock, which no version of a former database can have passed."""
    ledger = Ledger(FakeStore(), lambda: 1_000_000)

    assert [ledger.next_version() for _ in range(3)] == [1_000_000, 1_000_001, 1_000_002]


def test_what_is_unsettled_is_found_after_a_start(ledger: Ledger) -> None:
    """It is where a new admin begins."""
    told, untold = namespace_of("told"), namespace_of("untold")
    ledger.commit(
        [Put(proxy_of("p1")), *map(Put, placements_of(told)), *map(Put, placements_of(untold, acknowledged=False))]
    )

    assert ledger.unsettled() == {"untold"}
