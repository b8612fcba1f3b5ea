"""Pauses between tellings: the schedule and who is left alone."""

from datetime import timedelta

from hypothesis import given, strategies as st

from prism_stack.control.pauses import PEER_AWAY, SAID_NO, Pauses, Schedule

schedules = st.sampled_from([PEER_AWAY, SAID_NO])


@given(schedules, st.integers(1, 10_000))
def test_a_pause_never_shrinks_and_never_exceeds_its_bound(schedule: Schedule, failures: int) -> None:
    """However often something fails."""
    assert schedule.first <= schedule.pause(failures) <= schedule.pause(failures + 1) <= schedule.longest


def test_the_pause_of_a_peer_that_is_away_doubles_from_20_ms_to_500() -> None:
    """As the process contract has it."""
    found = [PEER_AWAY.pause(failures) // timedelta(milliseconds=1) for failures in range(1, 8)]

    assert found == [20, 40, 80, 160, 320, 500, 500]


def test_a_success_ends_the_pause() -> None:
    """The next failure begins anew."""
    pauses = Pauses(PEER_AWAY)
    pauses.fail("p", now=10.0)
    pauses.fail("p", now=10.0)
    assert (pauses.failures("p"), pauses.until("p")) == (2, 10.04)

    pauses.succeed("p")
    assert (pauses.failures("p"), pauses.until("p")) == (0, 0.0)
