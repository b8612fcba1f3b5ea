"""When a service that failed is started again."""

import pytest
from hypothesis import given, strategies as st

from ziggurat.keeper.restart import FIRST_DELAY, LONGEST_DELAY, NEVER, ON_FAILURE, delay

FAILED = st.integers().filter(bool)


@given(FAILED, st.integers(0, 1000))
def test_a_failure_is_waited_out_within_bounds(status: int, failures: int) -> None:
    """However often it failed."""
    wait = delay(ON_FAILURE, status, failures)

    assert wait is not None
    assert FIRST_DELAY <= wait <= LONGEST_DELAY


@given(FAILED, st.integers(0, 1000))
def test_the_pause_doubles_until_its_bound(status: int, failures: int) -> None:
    """So that a crash loop costs little."""
    now, next_one = delay(ON_FAILURE, status, failures), delay(ON_FAILURE, status, failures + 1)

    assert now is not None
    assert next_one == min(LONGEST_DELAY, 2 * now)


def test_at_most_five_starts_in_the_first_three_seconds() -> None:
    """Counting the first one; each fails at once."""
    starts = [0.0]
    for failures in range(10):
        starts.append(starts[-1] + (delay(ON_FAILURE, 1, failures) or 0))

    assert sum(moment < 3 for moment in starts) <= 5


@pytest.mark.parametrize("status", [0])
def test_an_end_in_order_is_final(status: int) -> None:
    """It wanted to end."""
    assert delay(ON_FAILURE, status, 0) is None


@given(st.integers(), st.integers(0))
def test_never_is_never(status: int, failures: int) -> None:
    """Whatever happened."""
    assert delay(NEVER, status, failures) is None
