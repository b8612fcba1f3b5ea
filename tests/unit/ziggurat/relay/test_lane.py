"""One way of one connection, on a clock of the test's own."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, strategies as st

from ziggurat.relay.lane import WINDOW, Lane, Mark
from ziggurat.relay.shape import NANO, Shape

MS = NANO // 1000
SENDINGS = st.lists(st.tuples(st.integers(0, 50), st.binary(min_size=1, max_size=20)), min_size=1, max_size=30)
"""Milliseconds after the one before, and what is sent."""


def lane(shape: Shape | None = None) -> Lane:
    """Return a lane of this shape."""
    made = Lane(Random(0))  # noqa: S311 - dice that can be thrown again
    made.reshape(shape or Shape(), 0)
    return made


def come_out(made: Lane, now: int) -> bytes:
    """Take out all that has arrived."""
    out = b""
    while isinstance(cargo := made.arrived(now), bytes):
        made.drop(len(cargo))
        out += cargo
    return out


def test_what_has_no_fault_arrives_at_once() -> None:
    """In one turn of the relay."""
    made = lane()
    made.take(b"a", 5)

    assert (made.next_at(), come_out(made, 5)) == (5, b"a")


def test_a_slow_way_holds_each_piece_for_its_latency() -> None:
    """Counted from its own coming."""
    made = lane(Shape(latency=10 * MS))
    made.take(b"a", 0)
    made.take(b"b", 3 * MS)

    assert come_out(made, 10 * MS - 1) == b""
    assert come_out(made, 10 * MS) == b"a"
    assert come_out(made, 13 * MS) == b"b"


def test_a_throttled_way_needs_the_time_of_its_rate() -> None:
    """And takes no more than it passes soon, so that the sender is held back."""
    made = lane(Shape(rate=1000))
    made.take(b"x" * 100, 0)
    made.take(b"y" * 100, 0)

    assert come_out(made, 100 * MS - 1) == b""
    assert come_out(made, 100 * MS) == b"x" * 100
    assert come_out(made, 200 * MS) == b"y" * 100
    assert not made.has_room(99 * MS)
    assert made.has_room(101 * MS)


def test_a_stopped_way_takes_and_gives_nothing() -> None:
    """And goes on with what it held."""
    made = lane()
    made.take(b"a", 0)
    made.reshape(Shape(stopped=True), 0)
    assert (made.has_room(1), made.arrived(1), made.next_at()) == (False, None, None)

    made.reshape(Shape(), 2)
    assert come_out(made, 2) == b"a"


def test_a_lifted_fault_delays_nothing_any_more() -> None:
    """Also what was on its way."""
    made = lane(Shape(latency=3600 * NANO))
    made.take(b"a", 0)
    made.reshape(Shape(), 7)
    made.take(b"b", 8)

    assert come_out(made, 8) == b"ab"


def test_a_full_way_takes_no_more() -> None:
    """Its sender waits, and memory does not grow."""
    made = lane(Shape(latency=NANO))
    made.take(b"x" * WINDOW, 0)
    assert not made.has_room(0)

    come_out(made, NANO)
    assert made.has_room(NANO)


def test_a_piece_that_was_taken_in_part_goes_on_where_it_stopped() -> None:
    """A full socket takes what it can."""
    made = lane()
    made.take(b"abc", 0)
    made.drop(2)

    assert come_out(made, 0) == b"c"
    assert not made


@pytest.mark.parametrize("mark", list(Mark))
def test_the_end_comes_after_what_was_sent_before(mark: Mark) -> None:
    """A FIN or RST travels like any packet."""
    made = lane(Shape(latency=MS))
    made.take(b"a", 0)
    made.take(mark, 0)

    assert come_out(made, MS) == b"a"
    assert made.arrived(MS) is mark


@given(SENDINGS, st.integers(1, 100 * MS), st.sampled_from([0, 1, 100, 10_000]))
def test_nothing_is_early(sendings: list[tuple[int, bytes]], latency: int, rate: int) -> None:
    """The last byte comes no sooner than its latency, nor than all bytes at their rate."""
    made, now = lane(Shape(latency=latency, rate=rate)), 0
    for pause, data in sendings:
        now += pause * MS
        made.take(data, now)
    sent = b"".join(data for _, data in sendings)
    at_rate = sum(len(data) * NANO // rate for _, data in sendings) if rate else 0

    assert come_out(made, max(now + latency, at_rate) - 1) != sent


@given(SENDINGS, st.integers(0, 100 * MS), st.integers(0, 50 * MS))
def test_all_that_was_sent_arrives(sendings: list[tuple[int, bytes]], latency: int, jitter: int) -> None:
    """In its order, at the latest after latency and jitter."""
    made, now = lane(Shape(latency=latency, jitter=jitter)), 0
    for pause, data in sendings:
        now += pause * MS
        made.take(data, now)

    assert come_out(made, now + latency + jitter) == b"".join(data for _, data in sendings)
