"""Waiting for a condition."""

import pytest
from hypothesis import given, strategies as st

from ziggurat.errors import ConditionTimeout
from ziggurat.waiting import SHARE, SHORTEST, interval, wait_until


@given(st.floats(0, 1e6))
def test_looking_never_costs_more_than_its_share(elapsed: float) -> None:
    """The pause grows with the time that has passed, and is never shorter than a millisecond."""
    assert interval(elapsed) == max(SHORTEST, SHARE * elapsed)


def test_what_came_is_seen_soon_in_proportion() -> None:
    """After a second of waiting, within a fiftieth of a second; at first, within a millisecond."""
    assert interval(1.0) == pytest.approx(1 / 50)
    assert interval(0.0) == 0.001


def test_what_the_check_returned_is_returned() -> None:
    """At once where it is true."""
    assert wait_until(lambda: "found", seconds=0, what="it") == "found"


def test_the_check_is_called_until_it_is_true() -> None:
    """And not once more."""
    answers = iter([0, None, "", "there"])

    assert wait_until(lambda: next(answers), seconds=5, what="it") == "there"


def test_time_that_is_up_is_an_error_with_what_was_seen_last() -> None:
    """So that nobody has to run it again to learn what was there instead."""
    with pytest.raises(ConditionTimeout) as caught:
        wait_until(list, seconds=0.01, what="the third line")

    assert (caught.value.what, caught.value.seconds, caught.value.last) == ("the third line", 0.01, [])
    assert "the third line" in str(caught.value)


def test_an_error_of_the_check_is_not_waited_through() -> None:
    """A typo in a check fails at once."""
    with pytest.raises(ZeroDivisionError):
        wait_until(lambda: 1 / 0, seconds=5, what="it")
