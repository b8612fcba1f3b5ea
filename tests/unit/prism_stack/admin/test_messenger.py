"""The messenger: peers that fail, answer late or stay silent hear everything in the end, and nobody is flooded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, strategies as st
from tests.unit.prism_stack.admin.conftest import FakeStore, launcher_of, namespace_of, placements_of, proxy_of

from prism_stack.admin.changes import Put
from prism_stack.admin.ledger import Ledger
from prism_stack.admin.messenger import MOST_CALLS, Answer, Done, Errand, Messenger, Outcome
from prism_stack.admin.model import Kind, PeerKey, Placement, PlacementKey
from prism_stack.admin.peers import Peers
from prism_stack.admin.reconcile import Verb
from prism_stack.admin.settlement import Settlement

YES = Outcome(answer=Answer.DONE)


@dataclass
class World:
    """Peers that do what they are told when the test lets them, a clock, and the messenger between."""

    script: Iterator[Answer] = field(default_factory=lambda: iter(()))
    held: dict[PlacementKey, int] = field(default_factory=dict)
    calls: list[tuple[Errand, Done]] = field(default_factory=list)
    told: list[Errand] = field(default_factory=list)
    now: float = 0.0

    def __post_init__(self) -> None:
        self.ledger = Ledger(FakeStore(), lambda: 2)
        peers = Peers(lambda: 0.0, lambda: 0)
        self.ledger.commit([Put(proxy_of("p1")), Put(proxy_of("p2")), Put(launcher_of("l1"))])
        for peer in self.ledger.peers.values():
            peers.register(peer)
        self.settlement = Settlement(self.ledger, peers)
        self.messenger = Messenger(self.settlement, self, lambda: self.now)

    def carry(self, errand: Errand, done: Done) -> None:
        """Keep a call until the test answers it."""
        self.told.append(errand)
        self.calls.append((errand, done))

    def want(self, *names: str) -> None:
        """Place namespaces, unacknowledged, and nudge."""
        for name in names:
            namespace = namespace_of(name)
            self.ledger.commit([Put(namespace), *map(Put, placements_of(namespace, acknowledged=False))])
        self.nudge(*names)

    def nudge(self, *names: str) -> None:
        """Make the messenger look."""
        self.messenger.nudge(names)
        self.messenger.step(wait=False)

    def answer(self, index: int = 0) -> None:
        """End one call as the script says, or with yes; a silent or absent peer may have done it or not."""
        errand, done = self.calls.pop(index)
        answer = next(self.script, Answer.DONE)
        if answer in {Answer.DONE, Answer.SILENT}:
            self.obey(errand)
        done(Outcome(answer=answer))
        self.messenger.step(wait=False)

    def obey(self, errand: Errand) -> None:
        """Hold, or let go."""
        placement = errand.action.placement
        if errand.action.verb is Verb.ASSIGN:
            self.held[placement.key] = max(placement.version, self.held.get(placement.key, 0))
        else:
            self.held.pop(placement.key, None)

    def pass_time(self, seconds: float) -> None:
        """Let what is due be looked at."""
        self.now += seconds
        self.messenger.step(wait=False)

    def run_to_end(self) -> None:
        """Answer everything and let pauses pass until nothing is left to tell."""
        for _ in range(10_000):
            if self.calls:
                self.answer()
            elif self.ledger.unsettled():
                self.pass_time(10)
            else:
                return
        raise AssertionError(f"never settled: {self.ledger.unsettled()}")


@pytest.fixture
def world() -> World:
    """Two proxies and a launcher."""
    return World()


def test_what_is_wanted_is_told_and_then_left_alone(world: World) -> None:
    """One call for each peer, and no more after their yes."""
    world.want("n")
    world.run_to_end()
    world.nudge("n", "n")

    assert sorted(str(each.peer) for each in world.told) == ["launcher l1", "proxy p1"]


def test_a_thing_is_never_told_twice_at_one_time(world: World) -> None:
    """Nudges while a call is under way wait for its end."""
    world.want("n")
    world.nudge("n")
    world.nudge("n")

    assert len(world.calls) == 2


def test_a_peer_that_is_away_is_tried_with_one_call_and_growing_pauses(world: World) -> None:
    """However much waits for it; and others are told meanwhile."""
    world.script = iter([Answer.AWAY] * 100)
    names = [f"n{number}" for number in range(50)]
    world.want(*names)
    while world.calls:
        world.answer()
    before = len(world.told)
    world.pass_time(0.5)

    assert len(world.calls) <= 2
    assert len(world.told) - before <= 2


def test_a_peer_is_never_asked_more_than_so_many_things_at_once(world: World) -> None:
    """The rest follows as it answers."""
    names = [f"n{number}" for number in range(3 * MOST_CALLS)]
    world.want(*names)
    most = max(sum(errand.peer == peer for errand, _ in world.calls) for peer in world.ledger.peers)
    assert most == MOST_CALLS

    world.run_to_end()
    assert {key.item for key in world.held if key.peer.kind is Kind.PROXY} == set(names)


def test_a_refusal_is_told_again_after_a_pause_and_remembered_with_its_reason(world: World) -> None:
    """Nothing comes before the pause is over."""
    world.script = iter([Answer.REFUSED, Answer.REFUSED])
    world.want("n")
    world.answer()
    world.answer()
    assert len(world.settlement.failures("n")) == 2
    world.nudge("n")
    assert world.calls == []

    world.pass_time(0.06)
    world.run_to_end()
    assert world.settlement.failures("n") == []


def test_a_late_yes_to_an_older_version_is_not_taken_for_the_new_one(world: World) -> None:
    """The new version is told after it."""
    world.want("n")
    (at_proxy,) = [each for each in world.ledger.placements("n") if each.key.peer.kind is Kind.PROXY]
    newer = Placement(key=at_proxy.key, namespace="n", version=9)
    world.ledger.commit([Put(newer)])
    world.answer()
    assert world.ledger.placement(at_proxy.key) == newer

    world.run_to_end()
    assert world.held[at_proxy.key] == 9


answers = st.lists(st.sampled_from(Answer), max_size=60)
steps = st.lists(st.tuples(st.sampled_from(["want", "move", "drop", "answer", "wait"]), st.integers(0, 3)), max_size=40)


@given(answers, steps)
def test_whatever_fails_peers_hold_in_the_end_what_they_are_to_hold(
    script: list[Answer], story: list[tuple[str, int]]
) -> None:
    """Over any order of changes, answers, refusals and silences, and any calls that end late."""
    world = World(script=iter(script))
    acts: dict[str, Callable[[int], None]] = {
        "want": lambda number: _want(world, f"n{number}"),
        "move": lambda number: _move(world, f"n{number}"),
        "drop": lambda number: _drop(world, f"n{number}"),
        "answer": lambda number: world.answer(number % len(world.calls)) if world.calls else None,
        "wait": lambda number: world.pass_time(number / 10),
    }
    for act, number in story:
        acts[act](number)
    world.run_to_end()

    wanted = {each.key: each.version for peer in world.ledger.peers for each in world.ledger.at(peer)}
    assert world.held == wanted


def _want(world: World, name: str) -> None:
    if not world.ledger.placements(name):
        world.want(name)


def _move(world: World, name: str) -> None:
    placements = [each for each in world.ledger.placements(name) if each.key.peer.kind is Kind.PROXY and each.wanted]
    for each in placements:
        other = "p2" if each.key.peer.id == "p1" else "p1"
        key = PlacementKey(PeerKey(Kind.PROXY, other), name)
        version = world.ledger.next_version()
        world.ledger.commit(
            [
                Put(replace(each, wanted=False, acknowledged=False)),
                Put(Placement(key=key, namespace=name, version=version)),
            ]
        )
    world.nudge(name)


def _drop(world: World, name: str) -> None:
    unwanted = [replace(each, wanted=False, acknowledged=False) for each in world.ledger.placements(name)]
    world.ledger.commit([Put(each) for each in unwanted])
    world.nudge(name)


def test_what_somebody_waits_for_is_told_before_thousands_of_others(world: World) -> None:
    """As soon as there is room at the peer, whatever has waited there before."""
    world.want(*(f"moved-{number}" for number in range(10 * MOST_CALLS)))
    for _ in range(10):
        world.pass_time(0)
    namespace = namespace_of("new")
    world.ledger.commit([Put(namespace), *map(Put, placements_of(namespace, acknowledged=False))])
    world.messenger.hurry(["new"])
    world.messenger.step(wait=False)
    told = len(world.told)
    for _ in range(2):
        world.answer()
        world.answer()

    later = {each.action.placement.namespace for each in world.told[told : told + 4]}
    assert "new" in later
    world.run_to_end()


def test_a_large_nudge_does_not_keep_an_end_waiting(world: World) -> None:
    """Thousands of names are looked at a few at a time."""
    world.want("n")
    world.messenger.nudge(f"other-{number}" for number in range(1000))
    world.answer()

    assert [each.acknowledged for each in world.ledger.placements("n")].count(True) == 1
