"""The restart policy: pauses that grow within their bounds, a reset after a good run, and a breaker with a window."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from prism_stack.launcher.policy import JITTER, Failures, RestartPolicy, Verdict, judge, pause

NONE = Failures()
NEVER_OPEN = RestartPolicy(most_failures=10_000)
chances = st.floats(0, 1)
policies = st.builds(
    lambda first, factor, most, window: RestartPolicy(
        first=timedelta(milliseconds=first),
        longest=timedelta(milliseconds=first * factor),
        most_failures=most,
        window=timedelta(seconds=window),
    ),
    st.integers(1, 10_000),
    st.integers(1, 1000),
    st.integers(1, 9),
    st.integers(1, 600),
)


def fail(policy: RestartPolicy, failures: Failures = NONE, *, now: float = 0.0, ran: float = 0.0) -> Verdict:
    """Judge a failure whose pause is neither longer nor shorter by chance."""
    return judge(policy, failures, ran=ran, now=now, chance=0.5)


def test_pauses_double_from_the_first_to_the_longest() -> None:
    """The defaults of the documentation."""
    assert [pause(RestartPolicy(), in_row, 0.5) for in_row in range(1, 8)] == [1, 2, 4, 8, 16, 30, 30]


@given(policies, st.integers(1, 10_000), chances)
def test_a_pause_is_at_most_a_fifth_off_and_never_of_another_order(
    policy: RestartPolicy, in_row: int, chance: float
) -> None:
    """However many failures there were."""
    plain = pause(policy, in_row, 0.5)

    assert policy.first.total_seconds() <= plain <= policy.longest.total_seconds()
    assert plain <= pause(policy, in_row + 1, 0.5)
    assert plain * (1 - JITTER) <= pause(policy, in_row, chance) * (1 + 1e-9)
    assert pause(policy, in_row, chance) <= plain * (1 + JITTER) * (1 + 1e-9)


def test_chance_spreads_pauses_over_the_whole_range() -> None:
    """From a fifth shorter to a fifth longer."""
    assert [round(pause(RestartPolicy(), 1, chance), 3) for chance in (0, 0.25, 0.5, 0.75, 1)] == [
        0.8,
        0.9,
        1,
        1.1,
        1.2,
    ]


def test_a_crash_loop_has_at_most_five_starts_in_its_first_ten_seconds() -> None:
    """Even where chance makes every pause its shortest."""
    now, failures, starts = 0.0, Failures(), 0
    while now <= 10:
        starts += 1
        verdict = judge(RestartPolicy(), failures, ran=0.0, now=now, chance=0.0)
        failures, now = verdict.failures, now + (verdict.pause or math.inf)

    assert starts <= 5


@pytest.mark.parametrize(("ran", "expected"), [(59.9, 4.0), (60.0, 1.0), (3600.0, 1.0)])
def test_a_run_that_lasted_long_enough_clears_what_was_before(ran: float, expected: float) -> None:
    """A shorter one does not."""
    before = Failures(in_row=2, at=(0.0, 1.0))

    assert fail(NEVER_OPEN, before, ran=ran, now=2.0).pause == expected


def test_the_breaker_opens_with_the_last_failure_that_is_allowed() -> None:
    """By default the fifth within a minute."""
    failures, pauses = Failures(), []
    for now in (0.0, 10.0, 20.0, 30.0, 40.0):
        verdict = fail(RestartPolicy(), failures, now=now)
        failures = verdict.failures
        pauses.append(verdict.pause)

    assert pauses == [1, 2, 4, 8, None]
    assert len(failures.at) == 5


def test_failures_outside_the_window_open_no_breaker() -> None:
    """The pauses go on growing: it has not run well in between."""
    failures = Failures()
    for number in range(20):
        verdict = fail(RestartPolicy(), failures, now=number * 15.1)
        failures = verdict.failures
        assert verdict.pause is not None
        assert len(failures.at) <= 4

    assert verdict.pause == 30


def test_after_a_good_run_the_breaker_has_its_whole_room() -> None:
    """As if the process were new."""
    before = Failures(in_row=4, at=(0.0, 1.0, 2.0, 3.0))
    verdict = fail(RestartPolicy(), before, ran=60.0, now=4.0)

    assert verdict == Verdict(failures=Failures(in_row=1, at=(4.0,)), pause=1.0)


@given(policies, st.lists(st.floats(0, 100), max_size=30), chances)
def test_within_one_window_there_are_never_more_starts_than_the_breaker_allows(
    policy: RestartPolicy, gaps: list[float], chance: float
) -> None:
    """Whatever the pattern of failures; once it is open, nothing is started any more."""
    failures, now, moments = Failures(), 0.0, []
    for gap in gaps:
        now += gap
        moments.append(now)
        verdict = judge(policy, failures, ran=0.0, now=now, chance=chance)
        failures = verdict.failures
        if verdict.pause is None:
            break
        now += verdict.pause

    window = policy.window.total_seconds()
    assert all(sum(start <= moment < start + window for moment in moments) <= policy.most_failures for start in moments)
