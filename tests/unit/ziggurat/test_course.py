"""The course of a start: how each service stands, and which of them the whole had to wait for."""

from __future__ import annotations

from typing import Any

import pytest

from ziggurat.course import Course, Leg, Standing, critical_path, standings

NEEDS = {
    "db": frozenset[str](),
    "cache": frozenset[str](),
    "api": frozenset({"db", "cache"}),
    "web": frozenset({"api"}),
}


def course(spawned: dict[str, float], ready: dict[str, float], now: float = 20.0) -> Course:
    """Return a course of four services."""
    return Course(needs=NEEDS, spawned=spawned, ready=ready, now=now)


WHOLE = course({"db": 0, "cache": 0, "api": 3, "web": 4}, {"db": 1, "cache": 3, "api": 4, "web": 4.5})
HALF = course({"db": 0, "cache": 0}, {"db": 0.25}, now=10)


def report(state: str = "running", **facts: Any) -> dict[str, Any]:  # noqa: ANN401 - as the keeper's
    """Return what the keeper tells of a service."""
    return {"state": state, "pid": 7, "exit_status": None, "paused": False, "restarts": 0, **facts}


def test_the_path_leads_over_what_each_had_to_wait_for_last() -> None:
    """The database was ready long before the cache, and so is no part of it."""
    assert critical_path(WHOLE) == (Leg("cache", 3), Leg("api", 1), Leg("web", 0.5))


def test_the_path_ends_at_what_is_awaited_longest() -> None:
    """What it has taken so far is said as such."""
    assert critical_path(HALF) == (Leg("cache", 10, is_over=False),)


def test_a_start_of_nothing_has_no_path() -> None:
    """Nothing was waited for."""
    assert critical_path(course({}, {})) == ()


def test_a_leg_is_said_in_the_unit_that_fits() -> None:
    """Milliseconds below a second."""
    assert [str(Leg("db", 0.0123)), str(Leg("db", 9.87, is_over=False))] == ["db 12 ms", "db 9.9 s so far"]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (report(), "not ready after 10.0 s (running, pid 7)"),
        (report(paused=True), "not ready after 10.0 s (stands still (SIGSTOP), pid 7)"),
        (report(restarts=2), "not ready after 10.0 s (running, pid 7, restarted 2 times)"),
        (report("exited", exit_status=3), "exited with code 3"),
        (report("exited", exit_status=-9), "was ended by SIGKILL"),
    ],
)
def test_a_service_stands_as_the_keeper_tells(told: dict[str, Any], said: str) -> None:
    """And as long as the start has taken."""
    assert Standing("cache", said) in standings(HALF, {"cache": told})


def test_a_service_that_was_not_started_says_for_whom_it_waits() -> None:
    """For those that are not ready, not for all."""
    standing = {standing.service: standing.state for standing in standings(HALF, {"db": report(), "cache": report()})}

    assert standing["db"] == "ready after 250 ms (running, pid 7)"
    assert standing["api"] == "not started, it waits for cache"
    assert standing["web"] == "not started, it waits for api"


def test_the_ready_ones_come_first() -> None:
    """In the order in which they became it."""
    assert [standing.service for standing in standings(WHOLE, {})] == ["db", "cache", "api", "web"]
