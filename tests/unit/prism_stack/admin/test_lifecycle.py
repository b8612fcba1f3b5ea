"""Creating and deleting without peers: what is refused, and what is left where nobody answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.prism_stack.admin.conftest import FakeStore, launcher_of, namespace_of, placements_of, proxy_of

from prism_stack.admin.changes import Drop, Put
from prism_stack.admin.errors import Clash, NotAcknowledged, NotNow, PeerRefused, StoreFailed
from prism_stack.admin.ledger import Ledger
from prism_stack.admin.lifecycle import MOST_WAITING, Clocks, Lifecycle, Wish
from prism_stack.admin.membership import Membership
from prism_stack.admin.messenger import Answer, Errand, Outcome
from prism_stack.admin.model import Pattern, Phase
from prism_stack.admin.partitions import Range
from prism_stack.admin.peers import Peers
from prism_stack.admin.settlement import Settlement
from prism_stack.control.refusals import Full, Unknown

WISH = Wish(name="orders", config=b"", patterns=(Pattern(name="keyvalue"),))
AT_ONCE = timedelta()
ALL = Range(0, 255)


class Office:
    """The admin's parts around a ledger, and peers that answer every telling at once and alike."""

    def __init__(self, ledger: Ledger) -> None:
        peers = Peers(lambda: 0.0, lambda: 0)
        self.ledger = ledger
        self.outcome: Outcome | None = None
        self.told: list[Errand] = []
        self.settlement = Settlement(ledger, peers)
        membership = Membership(ledger, peers, lambda _: None)
        clocks = Clocks(seconds=lambda: 0.0, wall_millis=lambda: 5)
        self.lifecycle = Lifecycle(ledger, membership, self.settlement, clocks)
        self.lifecycle.nudge = self.tell

    def tell(self, names: list[str]) -> None:
        """Tell once what there is to tell, where peers answer at all."""
        for errand in [errand for name in names for errand in self.settlement.plan(name)]:
            self.told.append(errand)
            if self.outcome:
                self.settlement.settle(errand, self.outcome)


@pytest.fixture
def office(filled: Callable[..., Ledger]) -> Office:
    """One proxy, one launcher."""
    return Office(filled(proxy_of("p1", ALL), launcher_of("l1", 1)))


def test_a_namespace_is_active_once_all_have_said_yes(office: Office) -> None:
    """With its placement, version and time."""
    office.outcome = Outcome(answer=Answer.DONE)
    created = office.lifecycle.create(WISH, AT_ONCE)

    assert (created.phase, created.proxy_id, created.launcher_id) == (Phase.ACTIVE, "p1", "l1")
    assert created.created_at_millis == 5
    assert all(each.settled for each in office.ledger.placements("orders"))


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        (None, NotAcknowledged),
        (Outcome(answer=Answer.AWAY), NotAcknowledged),
        (Outcome(answer=Answer.SILENT), NotAcknowledged),
        (Outcome(answer=Answer.REFUSED), PeerRefused),
    ],
)
def test_a_creation_that_fails_leaves_only_what_peers_have_to_let_go_of(
    office: Office, outcome: Outcome | None, error: type[Exception]
) -> None:
    """The name is free at once."""
    office.outcome = outcome
    with pytest.raises(error):
        office.lifecycle.create(WISH, AT_ONCE)

    assert office.ledger.namespaces == {}
    assert not any(each.wanted or each.purge for each in office.ledger.placements("orders"))


def test_a_disk_that_is_full_at_the_last_step_undoes_the_creation(office: Office, store: FakeStore) -> None:
    """Peers had said yes; they are told to let go."""
    office.outcome = Outcome(answer=Answer.DONE)
    tell = office.tell

    def fill_disk(names: list[str]) -> None:
        tell(names)
        store.fails = True

    office.lifecycle.nudge = fill_disk
    with pytest.raises(StoreFailed):
        office.lifecycle.create(WISH, AT_ONCE)

    assert office.ledger.namespaces == {}
    assert not any(each.wanted for each in office.ledger.placements("orders"))


def test_another_configuration_under_the_same_name_is_refused(office: Office) -> None:
    """The same one is answered as it is."""
    office.outcome = Outcome(answer=Answer.DONE)
    created = office.lifecycle.create(WISH, AT_ONCE)

    assert office.lifecycle.create(WISH, AT_ONCE) == created
    with pytest.raises(Clash):
        office.lifecycle.create(replace(WISH, config=b"x"), AT_ONCE)


def test_a_launcher_at_its_limit_and_an_unknown_proxy_are_told_apart(office: Office) -> None:
    """Before anybody is told anything."""
    office.outcome = Outcome(answer=Answer.DONE)
    office.lifecycle.create(WISH, AT_ONCE)
    with pytest.raises(Full, match="max_processes"):
        office.lifecycle.create(replace(WISH, name="more"), AT_ONCE)
    with pytest.raises(Unknown, match="proxy p9"):
        office.lifecycle.create(replace(WISH, name="more", requesting_proxy="p9"), AT_ONCE)


def test_a_name_that_is_being_deleted_is_not_free(office: Office) -> None:
    """The refusal says who holds it up."""
    office.outcome = Outcome(answer=Answer.DONE)
    office.lifecycle.create(WISH, AT_ONCE)
    office.outcome = None
    with pytest.raises(NotAcknowledged):
        office.lifecycle.delete("orders", AT_ONCE, AT_ONCE)
    with pytest.raises(NotNow, match="waiting for launcher l1, proxy p1"):
        office.lifecycle.create(WISH, AT_ONCE)


def test_a_namespace_that_is_being_created_cannot_be_deleted(office: Office) -> None:
    """Who created it may still fail."""
    office.ledger.commit([Put(namespace_of("orders", phase=Phase.PENDING))])
    with pytest.raises(NotNow, match="being created"):
        office.lifecycle.delete("orders", AT_ONCE, AT_ONCE)


def test_what_was_pending_at_the_last_end_is_undone_at_the_start(filled: Callable[..., Ledger]) -> None:
    """What was active stays, what was being deleted goes on being so."""
    phases = {"a": Phase.PENDING, "b": Phase.ACTIVE, "c": Phase.DELETING}
    ledger = filled(proxy_of("p1", ALL), launcher_of("l1"), *(namespace_of(n, phase=p) for n, p in phases.items()))
    Office(ledger).lifecycle.undo_unfinished()

    assert {name: each.phase for name, each in ledger.namespaces.items()} == {"b": Phase.ACTIVE, "c": Phase.DELETING}
    assert [each.wanted for each in ledger.placements("a")] == [False, False]


def test_only_so_many_callers_may_wait(office: Office) -> None:
    """Each holds a thread, and heartbeats need some too."""
    for _ in range(MOST_WAITING):
        office.lifecycle._waiting.acquire()
    with pytest.raises(Full, match="at this moment"):
        office.lifecycle.create(WISH, AT_ONCE)


def test_a_deletion_ends_where_only_a_silent_proxy_is_left(filled: Callable[..., Ledger]) -> None:
    """It is told when it comes back; who could be routed by it cannot reach it either."""
    namespace = namespace_of("orders", phase=Phase.DELETING)
    ledger = filled(proxy_of("p1", ALL), namespace)
    ledger.commit([Put(replace(each, wanted=False)) for each in placements_of(namespace)[:1]])
    silent = Peers(lambda: 0.0, lambda: 0)
    ledger.commit([Drop(placements_of(namespace)[1])])
    Settlement(ledger, silent).plan("orders")

    assert ledger.namespaces == {}
    assert [str(each.key.peer) for each in ledger.placements("orders")] == ["proxy p1"]
