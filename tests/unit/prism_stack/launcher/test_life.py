"""The life of a process: each thing that can happen to it, in each stage that it can be in."""

# ruff: noqa: S106 - tokens here are none

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from prism_stack.launcher.life import (
    Life,
    Spawned,
    Stage,
    beat,
    begin,
    begin_again,
    condemn,
    fail,
    fall_silent,
    greet,
    is_overdue,
    next_moment,
)
from prism_stack.launcher.policy import Failures, RestartPolicy
from prism_stack.launcher.supervisor import reason

SPAWNED = Spawned(pid=7, start_time=70, token="t")
POLICY = RestartPolicy(most_failures=2)
BORN = begin(SPAWNED, now=100.0, timeout=10.0)
GREETED = greet(BORN, "here:1", "here:2")
UP = beat(GREETED, healthy=True, now=101.0)


def test_a_new_process_has_until_its_timeout_to_be_up() -> None:
    """Overdue from that moment on."""
    assert (BORN.stage, BORN.pid, BORN.start_time, BORN.due) == (Stage.STARTING, 7, 70, 110.0)
    assert not is_overdue(BORN, 109.9)
    assert is_overdue(BORN, 110.0)


def test_a_process_runs_with_the_first_heartbeat_after_its_handshake() -> None:
    """And is no longer due to come up."""
    assert beat(BORN, healthy=True, now=101.0).stage is Stage.STARTING
    assert GREETED.stage is Stage.STARTING
    assert (UP.stage, UP.is_healthy, UP.due) == (Stage.RUNNING, True, math.inf)
    assert not is_overdue(UP, 1e9)


@pytest.mark.parametrize("stage", [Stage.WAITING, Stage.FAILED, Stage.TERMINATING])
def test_a_heartbeat_brings_nothing_back_to_life(stage: Stage) -> None:
    """It was sent before the end."""
    assert beat(replace(GREETED, stage=stage), healthy=True, now=101.0).stage is stage


def test_a_process_that_is_being_killed_does_not_come_up() -> None:
    """Its heartbeat crossed the kill, and whoever waits must not be told that it is up."""
    doomed = condemn(GREETED, "no heartbeat within 10 s")

    assert beat(doomed, healthy=True, now=111.0).stage is Stage.STARTING
    assert not is_overdue(doomed, 1e9), "it is killed once"


def test_a_failure_is_followed_by_a_pause_and_then_by_the_breaker() -> None:
    """What was of the process is gone; what went wrong is kept."""
    once = fail(UP, "exited with code 3", POLICY, now=102.0, chance=0.5)
    assert (once.stage, once.due) == (Stage.WAITING, 103.0)
    assert (once.pid, once.start_time, once.is_greeted, once.is_healthy) == (0, 0, False, False)
    assert (once.errors, once.last_error) == (1, "exited with code 3")
    again = begin_again(once, SPAWNED, now=103.0, timeout=10.0)
    assert (again.stage, again.restarts, again.errors, again.last_error) == (Stage.STARTING, 1, 1, "exited with code 3")

    twice = fail(again, "exited with code 4", POLICY, now=104.0, chance=0.5)
    assert (twice.stage, twice.errors) == (Stage.FAILED, 2)
    assert twice.last_error == "the breaker is open after 2 failures; the last: exited with code 4"
    assert next_moment(twice, 3.0) == math.inf


def test_only_a_run_counts_towards_the_reset() -> None:
    """The time that a start took is none."""
    held = replace(BORN, failures=Failures(in_row=1, at=(99.0,)))

    assert fail(held, "x", POLICY, now=1100.0, chance=0.5).failures.in_row == 2
    assert fail(beat(replace(held, is_greeted=True), healthy=True, now=101.0), "x", POLICY, now=1100.0, chance=0.5) == (
        replace(fail(UP, "x", POLICY, now=1100.0, chance=0.5), data_endpoint="", control_endpoint="")
    )


def test_a_launch_anew_has_no_history() -> None:
    """Neither counts nor reasons."""
    assert (BORN.restarts, BORN.errors, BORN.last_error, BORN.failures) == (0, 0, "", Failures())


def test_silence_makes_it_unhealthy_once() -> None:
    """And nothing else: it may be the launcher that did not hear."""
    assert fall_silent(UP, 104.0, 3.0) is UP
    silent = fall_silent(UP, 104.1, 3.0)

    assert (silent.stage, silent.is_healthy, silent.last_error) == (Stage.RUNNING, False, "silent for 3.0 s")
    assert fall_silent(silent, 1e9, 3.0) is silent
    assert beat(silent, healthy=True, now=200.0).is_healthy


def test_it_is_looked_at_when_something_is_due() -> None:
    """To be up, to be started again, or to be silent."""
    waiting = fail(UP, "x", POLICY, now=102.0, chance=0.5)

    assert next_moment(BORN, 3.0) == 110.0
    assert next_moment(waiting, 3.0) == 103.0
    assert next_moment(UP, 3.0) == 104.0
    assert next_moment(replace(UP, is_healthy=False), 3.0) == math.inf
    assert next_moment(replace(UP, stage=Stage.TERMINATING), 3.0) == math.inf


def test_a_token_is_in_no_representation() -> None:
    """Whatever is logged of it."""
    assert "secret" not in repr(Spawned(pid=1, start_time=1, token="secret"))
    assert "secret" not in repr(Life(stage=Stage.STARTING, token="secret"))


@pytest.mark.parametrize(
    ("life", "status", "words", "expected"),
    [
        (UP, 3, "", "exited with code 3"),
        (UP, -9, "a | b", "was ended by SIGKILL: a | b"),
        (BORN, 0, "", "exited with code 0 while it was starting"),
        (condemn(BORN, "no handshake within 10 s"), -9, "b", "no handshake within 10 s: b"),
    ],
)
def test_a_reason_says_how_it_ended_and_what_it_wrote_last(life: Life, status: int, words: str, expected: str) -> None:
    """Or why the launcher ended it."""
    assert reason(life, status, words) == expected


@given(st.lists(st.sampled_from(["greet", "beat", "sick", "silent", "fail", "again", "condemn"]), max_size=40))
def test_whatever_happens_a_life_makes_sense(events: list[str]) -> None:
    """A process that is not alive has no pid, and only one that runs is healthy; counts never shrink."""
    life, now = BORN, 100.0
    for event in events:
        now += 1.0
        before = life
        match event:
            case "greet" if life.stage is Stage.STARTING:
                life = greet(life, "here:1", "here:2")
            case "beat" | "sick" if life.is_greeted:
                life = beat(life, healthy=event == "beat", now=now)
            case "silent":
                life = fall_silent(life, now, 0.5)
            case "fail" if life.is_alive:
                life = fail(life, "x", RestartPolicy(), now=now, chance=0.5)
            case "again" if life.stage is Stage.WAITING:
                life = begin_again(life, SPAWNED, now=now, timeout=10.0)
            case "condemn" if life.stage is Stage.STARTING:
                life = condemn(life, "no handshake")
        assert bool(life.pid) == life.is_alive
        assert life.restarts >= before.restarts
        assert life.errors >= before.errors
        assert life.errors >= life.restarts
        assert not (life.is_greeted and not life.is_alive)
