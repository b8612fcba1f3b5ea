"""Reconciling: the laws in the module's docstring, over every state that a namespace can be in."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, strategies as st

from prism_stack.admin.model import Kind, PeerKey, Placement, PlacementKey
from prism_stack.admin.reconcile import Action, Verb, actions, blockers

PEERS = [PeerKey(kind, peer_id) for kind in Kind for peer_id in ("a", "b", "c")]


@st.composite
def states(draw: st.DrawFn) -> tuple[Placement, ...]:
    """Draw what peers are to hold of one namespace: at most one proxy and one launcher are to have it."""
    found: list[Placement] = []
    for kind in Kind:
        held_by = draw(st.lists(st.sampled_from([peer for peer in PEERS if peer.kind is kind]), unique=True))
        wanted_at = draw(st.sampled_from([*held_by, None]))
        found += [
            Placement(
                key=PlacementKey(peer, "item"),
                namespace="n",
                version=1,
                wanted=peer == wanted_at,
                acknowledged=draw(st.booleans()) and peer == wanted_at,
            )
            for peer in held_by
        ]
    return tuple(found)


away_peers = st.frozensets(st.sampled_from(PEERS))


def after(state: tuple[Placement, ...], told: list[Action]) -> tuple[Placement, ...]:
    """Return the state once every peer has said yes."""
    revoked = {action.placement.key for action in told if action.verb is Verb.REVOKE}
    assigned = {action.placement.key for action in told if action.verb is Verb.ASSIGN}
    return tuple(
        replace(each, acknowledged=each.acknowledged or each.key in assigned)
        for each in state
        if each.key not in revoked
    )


@given(states(), away_peers)
def test_what_is_wanted_and_not_acknowledged_is_assigned(
    state: tuple[Placement, ...], away: frozenset[PeerKey]
) -> None:
    """Law 1: that and nothing else."""
    assigned = {action.placement for action in actions(state, away) if action.verb is Verb.ASSIGN}

    assert assigned == {each for each in state if each.wanted and not each.acknowledged}


@given(states(), away_peers)
def test_a_proxy_lets_go_only_when_another_has_it_or_nobody_is_to(
    state: tuple[Placement, ...], away: frozenset[PeerKey]
) -> None:
    """Law 2: made before broken."""
    revoked = [each for each in actions(state, away) if each.verb is Verb.REVOKE]
    at_proxies = [each.placement for each in revoked if each.placement.key.peer.kind is Kind.PROXY]
    wanted = [each for each in state if each.wanted and each.key.peer.kind is Kind.PROXY]

    assert not at_proxies or all(each.acknowledged for each in wanted)


@given(states(), away_peers)
def test_a_process_stops_after_the_routes_have_gone(state: tuple[Placement, ...], away: frozenset[PeerKey]) -> None:
    """Law 3: no proxy that can be reached still holds what it is to let go of."""
    revoked = [each.placement for each in actions(state, away) if each.verb is Verb.REVOKE]
    routes = [each for each in state if each.key.peer.kind is Kind.PROXY and not each.wanted]

    if any(each.key.peer.kind is Kind.LAUNCHER for each in revoked):
        assert all(each.key.peer in away for each in routes)


@given(states())
def test_yes_after_yes_comes_to_an_end(state: tuple[Placement, ...]) -> None:
    """Law 4: at most three rounds, and then peers hold what they are to hold and nothing else."""
    for _ in range(3):
        state = after(state, actions(state))

    assert actions(state) == []
    assert all(each.settled for each in state)


@given(states(), away_peers)
def test_nothing_settled_is_told_again(state: tuple[Placement, ...], away: frozenset[PeerKey]) -> None:
    """Law 4: what is wanted and acknowledged is left alone."""
    assert not any(action.placement.settled for action in actions(state, away))


@given(states(), away_peers)
def test_a_deletion_waits_for_every_process_and_for_proxies_that_are_there(
    state: tuple[Placement, ...], away: frozenset[PeerKey]
) -> None:
    """A proxy that is away is told when it comes back."""
    waiting = blockers(state, away)

    assert all(each in waiting for each in state if each.key.peer.kind is Kind.LAUNCHER)
    assert not any(each.key.peer in away for each in waiting if each.key.peer.kind is Kind.PROXY)
