"""What processes say of themselves: each thing in its order, from the one that was launched, and from nobody else."""

# ruff: noqa: S106 - tokens here are none

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from hypothesis import given, strategies as st
from tests.unit.prism_stack.launcher.conftest import ID, FakeClock, FakeCrew, FakeState, World, process_of

from prism_stack.launcher.callbacks import Callbacks, Caller, Counts
from prism_stack.launcher.errors import Denied, OutOfOrder, Unknown
from prism_stack.launcher.life import Stage

ME = Caller(process_id=ID, token="secret")
COUNTS = Counts(drained=3, aborted=1)


@pytest.fixture
def callbacks(world: World) -> Callbacks:
    """The callbacks of a launcher with one process that starts."""
    world.roster.put(process_of(Stage.STARTING))
    return Callbacks(world.roster, world.clock)


def greet(callbacks: Callbacks, caller: Caller = ME, pid: int = 100) -> None:
    """Handshake."""
    callbacks.handshake(caller, pid, "here:1", "here:2")


def test_a_handshake_and_a_heartbeat_make_it_run(world: World, callbacks: Callbacks) -> None:
    """Whoever waits is woken, and a launcher after this one knows."""
    changes: list[str] = []
    callbacks.when_changed = lambda: changes.append("changed")
    greet(callbacks)
    assert changes == []
    heard = callbacks.heartbeat(ME, healthy=True, reason="")

    assert heard is not None
    life = world.roster.get(ID).life
    assert (life.stage, life.data_endpoint, life.control_endpoint) == (Stage.RUNNING, "here:1", "here:2")
    assert (life.is_healthy, life.heard_at) == (True, world.clock.now)
    assert world.state.saved[0].life.stage is Stage.RUNNING
    assert changes == ["changed"]


def test_only_changes_are_told_and_saved(world: World, callbacks: Callbacks) -> None:
    """A thousand processes send a heartbeat each second."""
    greet(callbacks)
    callbacks.heartbeat(ME, healthy=True, reason="")
    world.state.saved = []
    changes: list[str] = []
    callbacks.when_changed = lambda: changes.append("changed")
    callbacks.heartbeat(ME, healthy=True, reason="")
    assert (changes, world.state.saved) == ([], [])
    callbacks.heartbeat(ME, healthy=False, reason="no redis")

    assert (len(changes), len(world.state.saved)) == (1, 1)
    assert world.roster.get(ID).life.last_error == "no redis"


@pytest.mark.parametrize(
    ("caller", "pid"),
    [(replace(ME, token="other"), 100), (replace(ME, token=""), 100), (replace(ME, token="\u2603"), 100), (ME, 101)],
    ids=["token", "no token", "no ascii", "pid"],
)
def test_nobody_else_can_handshake(world: World, callbacks: Callbacks, caller: Caller, pid: int) -> None:
    """And nothing has changed."""
    before = world.roster.all()
    with pytest.raises(Denied):
        greet(callbacks, caller, pid)

    assert world.roster.all() == before
    greet(callbacks)


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage is not Stage.STARTING])
def test_a_handshake_is_for_a_process_that_starts(world: World, callbacks: Callbacks, stage: Stage) -> None:
    """Of one that is gone the pid is nobody's, and the one of before is none of it."""
    world.roster.put(process_of(stage, token="secret"))
    with pytest.raises((OutOfOrder, Denied)):
        greet(callbacks)
    with pytest.raises((OutOfOrder, Denied)):
        greet(callbacks, pid=0)


def test_a_second_handshake_is_out_of_order(world: World, callbacks: Callbacks) -> None:
    """The first one holds."""
    greet(callbacks)
    with pytest.raises(OutOfOrder, match="has had its handshake"):
        callbacks.handshake(ME, 100, "there:1", "there:2")

    assert world.roster.get(ID).life.data_endpoint == "here:1"


def test_nothing_comes_before_the_handshake(callbacks: Callbacks) -> None:
    """Neither a heartbeat nor a farewell."""
    with pytest.raises(OutOfOrder):
        callbacks.heartbeat(ME, healthy=True, reason="")
    with pytest.raises(OutOfOrder):
        callbacks.stopping(ME, "x", COUNTS)


def test_nobody_is_known_who_was_not_launched(callbacks: Callbacks) -> None:
    """A heartbeat is answered with that; all else is refused."""
    stranger = Caller(process_id="ns:no:keyvalue", token="secret")
    assert callbacks.heartbeat(stranger, healthy=True, reason="") is None
    with pytest.raises(Unknown):
        greet(callbacks, stranger)
    with pytest.raises(Unknown):
        callbacks.stopping(stranger, "x", COUNTS)


def test_a_process_without_a_token_has_nobody_who_speaks_for_it(world: World, callbacks: Callbacks) -> None:
    """One that waits to be spawned: an empty token opens nothing."""
    world.roster.put(process_of(Stage.STARTING, token="", pid=0))
    with pytest.raises(Denied):
        greet(callbacks, replace(ME, token=""), 0)


def test_a_farewell_is_one_line_with_its_counts(callbacks: Callbacks, caplog: pytest.LogCaptureFixture) -> None:
    """And nothing else: its end is seen by itself."""
    greet(callbacks)
    with caplog.at_level("INFO"):
        callbacks.stopping(ME, "told to", COUNTS)

    assert [record.getMessage() for record in caplog.records] == [f"{ID} stops: told to; 3 calls finished, 1 aborted"]


@given(token=st.text(max_size=80))
def test_no_other_text_is_a_token(token: str) -> None:
    """Whatever it is."""
    world = World(FakeClock(), FakeCrew(), FakeState())
    os.close(world.supervisor._news)
    world.roster.put(process_of(Stage.STARTING, token=f"{token}!"))
    with pytest.raises(Denied):
        greet(Callbacks(world.roster), replace(ME, token=token))
