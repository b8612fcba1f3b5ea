"""What a change among the peers moves."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, strategies as st
from tests.unit.prism_stack.admin.conftest import (
    FakeStore,
    launcher_of,
    namespace_of,
    placements_of,
    proxy_of,
)

from prism_stack.admin.changes import Change, Put
from prism_stack.admin.ledger import Ledger
from prism_stack.admin.model import Kind, Namespace, PeerKey
from prism_stack.admin.moves import Moves, amend, rebalance, rehome, write_off
from prism_stack.admin.partitions import divide, owner_of

NAMES = [f"n{number}" for number in range(20)]
proxies = st.lists(st.sets(st.sampled_from("abcdef"), min_size=1), min_size=1, max_size=6)


def settle(ledger: Ledger, moves: Moves) -> list[Change]:
    """Make a change of ranges true, then what follows from it, one namespace after the other; return the latter."""
    ledger.commit(moves.changes)
    made: list[Change] = []
    for name in moves.namespaces:
        changes = amend(ledger, [name])
        ledger.commit(changes)
        made += changes
    return made


@given(proxies)
def test_after_any_history_each_namespace_is_wanted_at_its_partitions_proxy_alone(history: list[set[str]]) -> None:
    """Whoever joins and leaves; versions only grow, and only of what moved."""
    ledger = Ledger(FakeStore(), lambda: 2)
    ledger.commit([Put(launcher_of("l1")), Put(proxy_of("a"))])
    settle(ledger, rebalance(ledger, {"a": proxy_of("a")}))
    for name in NAMES:
        namespace = namespace_of(name, proxy_id="a")
        ledger.commit([Put(namespace), *map(Put, placements_of(namespace))])

    for serving in history:
        before = dict(ledger.namespaces)
        peers = {each: ledger.peers.get(PeerKey(Kind.PROXY, each), proxy_of(each)) for each in serving}
        ledger.commit([Put(peer) for peer in peers.values()])
        moves = rebalance(ledger, peers)
        settle(ledger, moves)

        ranges = divide(serving)
        assert ledger.ranges() == ranges
        for name in NAMES:
            after = ledger.namespaces[name]
            assert after.proxy_id == owner_of(after.partition, ranges)
            wanted = [each for each in ledger.placements(name) if each.wanted and each.key.peer.kind is Kind.PROXY]
            assert [each.key.peer.id for each in wanted] == [after.proxy_id]
            assert (after.version > before[name].version) == (name in moves.namespaces)


def test_nothing_moves_while_the_proxies_stay(filled: Callable[..., Ledger]) -> None:
    """Nor where there is none left: what is covered stays covered."""
    ledger = filled(proxy_of("p1"))
    ledger.commit(rebalance(ledger, {"p1": proxy_of("p1")}).changes)

    assert rebalance(ledger, {"p1": ledger.peers[PeerKey(Kind.PROXY, "p1")]}).changes == ()
    assert rebalance(ledger, {}).changes == ()


def test_a_launcher_that_is_gone_gives_its_processes_to_one_with_room(filled: Callable[..., Ledger]) -> None:
    """As far as the room goes; the rest stays its own until there is more."""
    gone = launcher_of("l1")
    ledger = filled(gone, launcher_of("l2", 2), proxy_of("p1"), *(namespace_of(name) for name in ("a", "b", "c")))
    ledger.commit(rehome(ledger, gone.key, [launcher_of("l2", 2)], "abc"))
    ledger.commit(write_off(ledger, gone.key, "abc"))

    homes = {name: each.launcher_id for name, each in ledger.namespaces.items()}
    assert homes == {"a": "l2", "b": "l2", "c": "l1"}
    assert ledger.load() == {"l1": 1, "l2": 2}
    assert not any(each.acknowledged for each in ledger.at(PeerKey(Kind.LAUNCHER, "l2")))


def test_a_move_tells_the_runner_of_a_proxy_that_it_does_not_know(filled: Callable[..., Ledger]) -> None:
    """And leaves alone one that knows it."""
    namespace = namespace_of("n")
    ledger = filled(proxy_of("p1"), launcher_of("l1"), namespace)
    moves = rebalance(ledger, {"p2": proxy_of("p2")})
    moved_rows = [change.row for change in settle(ledger, moves) if isinstance(change.row, Namespace)]
    (process,) = ledger.at(PeerKey(Kind.LAUNCHER, "l1"))

    assert [row.proxy_id for row in moved_rows] == ["p2"]
    assert process.proxies == "p2=p2:1,p1=p1:1"
    assert not process.acknowledged

    settle(ledger, rebalance(ledger, {"p1": ledger.peers[PeerKey(Kind.PROXY, "p1")]}))
    assert ledger.at(PeerKey(Kind.LAUNCHER, "l1")) == (process,)
