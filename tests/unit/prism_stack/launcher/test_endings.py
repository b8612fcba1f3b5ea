"""Ends: which steps are taken, who waits for whom, and what is kept where keys are left."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from tests.unit.prism_stack.launcher.conftest import ID, World, process_of, wish_of

from prism_stack.launcher.endings import DEFAULT_GRACE, LAST_SECONDS, Ended, Manner
from prism_stack.launcher.errors import NotPurged, Unknown
from prism_stack.launcher.life import Stage
from prism_stack.launcher.runner import Stopped

REDIS = {"backend": "redis"}
PURGE = Manner(grace=5.0, purge=True)


def stage(world: World) -> Stage:
    """Return the stage of the one process."""
    return world.roster.get(ID).life.stage


def test_a_process_is_asked_first_and_then_signalled(world: World) -> None:
    """It gets what is left of its grace after SIGTERM, and nothing of it is left."""
    world.up()
    assert world.endings.end(ID, Manner(grace=3.0)) == Ended()

    assert world.asked == [("here:1", 3.0, False)]
    ((process_id, ((number, seconds),)),) = world.crew.ends
    assert (process_id, number) == (ID, signal.SIGTERM)
    assert 2.0 < seconds <= 3.0
    assert (world.roster.all(), world.crew.held, world.crew.forgotten) == ([], set(), [ID])
    assert world.state.saved == []


def test_one_that_spent_its_grace_has_half_a_second_more(world: World) -> None:
    """The documented bound: grace + 0.5 s."""
    world.up()
    world.endings.end(ID, Manner(grace=0.0))

    assert world.crew.ends == [(ID, ((int(signal.SIGTERM), LAST_SECONDS),))]


def test_force_asks_nobody(world: World) -> None:
    """The kill is at once."""
    world.up()
    world.endings.end(ID, Manner(force=True))

    assert (world.asked, world.crew.ends) == ([], [(ID, ())])


@pytest.mark.parametrize(("own", "asked", "expected"), [(None, None, DEFAULT_GRACE), (3.0, None, 3.0), (3.0, 4.0, 4.0)])
def test_the_callers_grace_comes_before_the_processes_own(
    world: World, own: float | None, asked: float | None, expected: float
) -> None:
    """And that before the default."""
    world.up(grace=own)
    world.endings.end(ID, Manner(grace=asked))

    assert world.asked[0][1] == expected


def test_one_that_has_not_greeted_is_signalled(world: World) -> None:
    """There is nobody to be asked."""
    world.supervisor.begin(wish_of())
    world.endings.end(ID, Manner(grace=2.0))

    assert world.asked == []
    assert len(world.crew.ends) == 1


@pytest.mark.parametrize("waits_in", [Stage.WAITING, Stage.FAILED])
def test_one_that_is_not_alive_is_only_forgotten(world: World, waits_in: Stage) -> None:
    """Its port is free again."""
    world.crew.held.add(1234)
    world.roster.put(process_of(waits_in))
    world.endings.end(ID, Manner())

    assert (world.roster.all(), world.crew.ends, world.crew.held) == ([], [], set())


def test_what_is_not_there_is_unknown(world: World) -> None:
    """By its id."""
    with pytest.raises(Unknown, match="process ns:orders:keyvalue is unknown"):
        world.endings.end(ID, Manner())


def test_a_second_end_waits_for_the_first(world: World) -> None:
    """There is one drain, and both are answered when it is over."""
    world.up()
    with ThreadPoolExecutor(1) as pool:

        def join() -> None:
            assert stage(world) is Stage.TERMINATING
            joined.append(pool.submit(world.endings.end, ID, Manner(grace=60.0)))

        joined: list[object] = []
        world.on_ask = join
        world.endings.end(ID, Manner(grace=60.0))

    assert len(joined) == len(world.asked) == len(world.crew.ends) == 1
    assert world.crew.killed == []


def test_force_cuts_the_end_of_another_short(world: World) -> None:
    """The one with less patience decides."""
    world.up()
    with ThreadPoolExecutor(1) as pool:

        def cut() -> None:
            forced = pool.submit(world.endings.end, ID, Manner(force=True))
            world.roster.wait(lambda: bool(world.crew.killed), 10)
            results.append(forced)

        results: list[object] = []
        world.on_ask = cut
        world.endings.end(ID, Manner(grace=60.0))

    assert world.crew.killed == [ID]
    assert world.roster.all() == []


def test_everything_is_ended_also_what_is_gone_by_then(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A launcher that stops must not fail over it."""
    world.up()
    gone = process_of(Stage.RUNNING, "ns:gone:keyvalue")
    there = world.roster.all()
    monkeypatch.setattr(world.roster, "all", lambda: [gone, *there])
    world.endings.end_all(1.0)

    assert world.crew.alive == {}
    assert len(world.roster) == 0


# === keys ===


def test_keys_go_with_the_drain(world: World) -> None:
    """Their number comes back."""
    world.up()
    world.stopped = Stopped(drained=True, keys_removed=7)

    assert world.endings.end(ID, PURGE) == Ended(keys_removed=7)
    assert world.asked == [("here:1", 5.0, True)]


def test_keys_in_memory_go_with_the_process(world: World) -> None:
    """Whatever it says: there is nothing to be asked for again."""
    world.up()
    world.stopped = Stopped(drained=False, reason="UNAVAILABLE")

    assert world.endings.end(ID, PURGE) == Ended()
    assert world.roster.all() == []


def test_keys_elsewhere_that_were_not_removed_keep_the_process(world: World) -> None:
    """As one that failed, with the reason; saved, so that a launcher after this one knows too."""
    world.up(config=REDIS)
    world.stopped = Stopped(drained=False, reason="no redis")
    with pytest.raises(NotPurged, match="could not be removed: no redis"):
        world.endings.end(ID, PURGE)

    life = world.roster.get(ID).life
    assert (life.stage, life.pid) == (Stage.FAILED, 0)
    assert "no redis" in life.last_error
    assert [process.life.stage for process in world.state.saved] == [Stage.FAILED]


def test_a_process_is_started_only_to_remove_its_keys(world: World) -> None:
    """For it alone knows how."""
    world.roster.put(replace(process_of(Stage.FAILED), wish=wish_of(config=REDIS)))
    world.stopped = Stopped(drained=True, keys_removed=3)

    def come_up() -> None:
        world.roster.wait(lambda: ID in world.crew.alive and stage(world) is Stage.STARTING, 10)
        process = world.roster.get(ID)
        life = replace(process.life, stage=Stage.RUNNING, control_endpoint="here:2")
        world.roster.put(replace(process, life=life))

    with ThreadPoolExecutor(1) as pool:
        pool.submit(come_up)
        assert world.endings.end(ID, PURGE) == Ended(keys_removed=3)

    assert world.asked[0][0] == "here:2"
    assert (world.roster.all(), world.crew.alive) == ([], {})


def test_a_process_that_cannot_be_started_to_remove_its_keys_is_kept(world: World) -> None:
    """The admin asks again."""
    world.roster.put(replace(process_of(Stage.FAILED), wish=wish_of(config=REDIS)))
    world.crew.refuses = "there is no program"
    for _ in range(2):
        with pytest.raises(NotPurged, match="there is no program"):
            world.endings.end(ID, PURGE)
        assert stage(world) is Stage.FAILED


# === after a crash ===


def test_an_end_that_was_begun_is_finished_with_its_keys(world: World) -> None:
    """As whoever began it wished."""
    process = world.up(config=REDIS)
    ending = replace(process, life=replace(process.life, stage=Stage.TERMINATING), purge=True)
    world.roster.put(ending)
    world.endings.finish(ending)

    assert world.asked == [("here:1", DEFAULT_GRACE, True)]
    assert world.roster.all() == []


def test_an_end_whose_process_is_gone_asks_nobody(world: World) -> None:
    """What listens there now may be another's."""
    gone = process_of(Stage.TERMINATING, pid=0, control_endpoint="here:1")
    world.roster.put(gone)
    world.endings.finish(gone)

    assert (world.asked, world.crew.ends, world.roster.all()) == ([], [], [])


def test_an_end_that_cannot_be_finished_is_one_line(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Nobody waits for it who could be told."""
    world.crew.refuses = "there is no program"
    gone = replace(process_of(Stage.TERMINATING, pid=0), wish=wish_of(config=REDIS), purge=True)
    world.roster.put(gone)
    world.endings.finish(gone)

    assert "could not be removed" in caplog.text
    assert stage(world) is Stage.FAILED


def test_the_manner_of_an_end_is_saved_with_it(world: World) -> None:
    """Before anything is asked: the launcher may be killed in the middle."""
    world.up(config=REDIS)
    seen: list[tuple[Stage, bool]] = []
    world.on_ask = lambda: seen.extend((each.life.stage, each.purge) for each in world.state.saved)
    world.endings.end(ID, PURGE)

    assert seen == [(Stage.TERMINATING, True)]
