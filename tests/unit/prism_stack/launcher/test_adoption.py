"""Adoption: what was saved and what runs, compared by pid and start time."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st
from tests.unit.prism_stack.launcher.conftest import ID, process_of

from prism_stack.launcher.adoption import Found, Identity, settle
from prism_stack.launcher.life import Stage
from prism_stack.launcher.process import Process

NOW = 500.0
identities = st.tuples(st.sampled_from([100, 101]), st.sampled_from([7, 8]))
processes = st.lists(
    st.builds(process_of, st.sampled_from(Stage), st.sampled_from(["ns:a:k", "ns:b:k", "ns:c:k"])),
    unique_by=lambda process: process.id,
    max_size=3,
)
runs = st.dictionaries(st.sampled_from(["ns:a:k", "ns:b:k", "ns:d:k"]), identities, max_size=3)


def settled(process: Process, running: Identity | None = None) -> Found:
    """Settle one process with what runs under its id."""
    return settle([process], {process.id: running} if running else {}, NOW)


@pytest.mark.parametrize("stage", [Stage.STARTING, Stage.RUNNING, Stage.TERMINATING])
def test_what_runs_as_it_was_saved_is_kept(stage: Stage) -> None:
    """The same pid, and the same start time."""
    process = process_of(stage)
    found = settled(process, (100, 7))

    assert [each.life.pid for each in found.kept] == [100]
    assert (found.lost, found.strange) == ((), ())


@pytest.mark.parametrize("identity", [(100, 8), (101, 7)], ids=["start time", "pid"])
def test_a_name_alone_proves_nothing(identity: Identity) -> None:
    """With another pid or start time it is a stranger, and what was saved is lost."""
    found = settled(process_of(Stage.RUNNING), identity)

    assert [each.id for each in found.lost] == [ID]
    assert found.strange == (ID,)
    assert found.kept == ()


def test_what_is_gone_is_lost() -> None:
    """It is for the supervisor to say what follows."""
    assert [each.id for each in settled(process_of(Stage.RUNNING)).lost] == [ID]


def test_what_was_being_ended_and_is_gone_needs_no_restart() -> None:
    """Only what else belongs to its end is left to be done; nobody is called at an address that may be another's."""
    found = settled(process_of(Stage.TERMINATING, control_endpoint="here:1"))

    (kept,) = found.kept
    assert (kept.life.stage, kept.life.pid, kept.life.control_endpoint) == (Stage.TERMINATING, 0, "")
    assert found.lost == ()


def test_a_stranger_does_not_take_the_place_of_what_was_being_ended() -> None:
    """It is ended by itself, at once."""
    found = settled(process_of(Stage.TERMINATING), (101, 9))

    assert found.strange == (ID,)
    assert found.kept[0].life.pid == 0


def test_what_was_about_to_be_spawned_is_spawned_now() -> None:
    """If it was already, that one is a stranger: nobody knows its token."""
    unborn = process_of(Stage.STARTING, pid=0, start_time=0)
    for running in (None, (100, 7)):
        found = settled(unborn, running)
        assert [(each.life.stage, each.life.due) for each in found.kept] == [(Stage.WAITING, NOW)]
        assert found.strange == ((ID,) if running else ())


def test_what_waits_or_has_failed_stays_so() -> None:
    """A process that was started in that moment is a stranger."""
    for stage in (Stage.WAITING, Stage.FAILED):
        process = process_of(stage)
        assert settled(process).kept == (process,)
        assert settled(process, (100, 7)).strange == (ID,)


def test_nobody_is_silent_for_the_time_in_which_nobody_listened() -> None:
    """A process that runs has its patience anew."""
    found = settled(process_of(Stage.RUNNING, heard_at=1.0), (100, 7))

    assert found.kept[0].life.heard_at == NOW


@given(processes, runs)
def test_everything_is_accounted_for(saved: list[Process], running: dict[str, Identity]) -> None:
    """What was saved is kept or lost; what runs is kept with its own pid, or strange."""
    found = settle(saved, running, NOW)

    assert sorted(each.id for each in (*found.kept, *found.lost)) == sorted(each.id for each in saved)
    for process_id, identity in running.items():
        mine = [each.life for each in found.kept if each.id == process_id and each.life.is_alive]
        is_mine = any((life.pid, life.start_time) == identity for life in mine)
        assert is_mine != (process_id in found.strange)
    assert all(each.life.is_alive for each in found.lost)
