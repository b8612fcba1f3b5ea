"""What the faults of a link make of it."""

from __future__ import annotations

import pytest

from ziggurat.relay.shape import CHUNK, Entry, Fault, Kind, Shape, Way, entry_of, shape_of

SLOW = Fault(kind=Kind.SLOW, latency=0.1, jitter=0.01)
THROTTLED = Fault(kind=Kind.THROTTLE, rate=1000)
CUT = Fault(kind=Kind.CUT)
ONE_WAY = Fault(kind=Kind.CUT, ways=frozenset({Way.THERE}))


def test_without_faults_all_passes_as_it_comes() -> None:
    """And the door is open."""
    assert shape_of([], Way.THERE) == Shape()
    assert entry_of([]) is Entry.OPEN


def test_latencies_add_up_and_the_lowest_rate_holds() -> None:
    """As on a line of several parts."""
    shape = shape_of([SLOW, SLOW, THROTTLED, Fault(kind=Kind.THROTTLE, rate=10)], Way.BACK)

    assert (shape.latency, shape.jitter, shape.rate) == (200_000_000, 20_000_000, 10)


def test_a_fault_of_one_way_leaves_the_other() -> None:
    """But no connection comes about with one way lost."""
    assert shape_of([ONE_WAY], Way.THERE).stopped
    assert not shape_of([ONE_WAY], Way.BACK).stopped
    assert entry_of([ONE_WAY]) is Entry.LOST


@pytest.mark.parametrize(
    ("kinds", "entry"),
    [
        ({Kind.SLOW, Kind.THROTTLE}, Entry.OPEN),
        ({Kind.RESET, Kind.SLOW}, Entry.RESET),
        ({Kind.RESET, Kind.CUT}, Entry.LOST),
        ({Kind.RESET, Kind.CUT, Kind.REFUSE}, Entry.REFUSED),
    ],
)
def test_the_door_obeys_the_strongest_fault(kinds: set[Kind], entry: Entry) -> None:
    """Where nobody listens no packet can be lost, and where it is lost none is reset."""
    assert entry_of([Fault(kind=kind) for kind in kinds]) is entry


@pytest.mark.parametrize(("rate", "piece"), [(0, CHUNK), (1, 1), (5000, 50), (1 << 40, CHUNK)])
def test_a_throttled_way_takes_small_pieces(rate: int, piece: int) -> None:
    """A hundred a second, so that bytes trickle and do not come in lumps."""
    assert Shape(rate=rate).piece == piece


@pytest.mark.parametrize("fault", [SLOW, THROTTLED, CUT, ONE_WAY])
def test_a_fault_arrives_as_it_was_sent(fault: Fault) -> None:
    """Over the relay's socket."""
    assert Fault.from_message(fault.as_message()) == fault
