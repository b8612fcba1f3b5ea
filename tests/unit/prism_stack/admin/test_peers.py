"""Heartbeats: who is there, by a clock that is passed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from prism_stack.admin.model import Health, Kind, Peer, PeerKey
from prism_stack.admin.peers import Doubt, Peers, health_of

KEY = PeerKey(Kind.PROXY, "p1")
PEER = Peer(key=KEY, address="a:1", control_address="a:1", heartbeat=timedelta(seconds=2))
SECOND = timedelta(seconds=1)
names = st.frozensets(st.sampled_from("abcd"))


@dataclass
class Clock:
    """A clock that stands still until it is set."""

    now: float = 100.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The time of the peers."""
    return Clock()


@pytest.fixture
def peers(clock: Clock) -> Peers:
    """Nobody yet."""
    return Peers(clock, lambda: 7)


@pytest.mark.parametrize(
    ("silence", "health"),
    [
        (0, Health.HEALTHY),
        (2.9, Health.HEALTHY),
        (3, Health.UNHEALTHY),
        (29.9, Health.UNHEALTHY),
        (30, Health.GONE),
    ],
)
def test_three_missed_heartbeats_are_unhealthy_and_thirty_are_gone(silence: float, health: Health) -> None:
    """The third one missed is the one that counts."""
    assert health_of(silence * SECOND, SECOND) is health


def test_a_registered_peer_is_healthy_until_it_falls_silent(peers: Peers, clock: Clock) -> None:
    """A heartbeat makes it healthy again."""
    peers.register(PEER)
    clock.now += 6
    assert peers.health(KEY) is Health.UNHEALTHY

    assert peers.hear(KEY) is not None
    assert peers.health(KEY) is Health.HEALTHY
    assert peers.heard_millis(KEY) == 7


def test_a_peer_that_is_only_expected_has_to_register(peers: Peers) -> None:
    """It counts as healthy for the time that it may take to come back."""
    peers.expect(PEER)

    assert peers.hear(KEY) is None
    assert peers.health(KEY) is Health.HEALTHY


def test_a_peer_that_is_gone_has_to_register(peers: Peers, clock: Clock) -> None:
    """What it held was written off."""
    peers.register(PEER)
    clock.now += 60

    assert peers.hear(KEY) is None


def test_an_unknown_peer_is_gone(peers: Peers) -> None:
    """And nothing is known of it."""
    assert peers.health(KEY) is Health.GONE
    assert (peers.hear(KEY), peers.heard_millis(KEY), peers.process(KEY, "x")) == (None, 0, None)


@given(names, names, names, names)
def test_only_what_two_reports_agree_on_is_believed(
    missing: frozenset[str], surplus: frozenset[str], later_missing: frozenset[str], later_surplus: frozenset[str]
) -> None:
    """A report that was written before an answer arrived says nothing."""
    first, second = Doubt(missing=missing, surplus=surplus), Doubt(missing=later_missing, surplus=later_surplus)

    assert first.again(second) == Doubt(missing=missing & later_missing, surplus=surplus & later_surplus)
