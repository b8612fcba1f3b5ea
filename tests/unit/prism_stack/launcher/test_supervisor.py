"""The supervisor: what it makes of an end, of a moment that is due, and of a program that cannot be started."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.prism_stack.launcher.conftest import ID, World, wish_of

from prism_stack.launcher.crew import Exit
from prism_stack.launcher.errors import Full, LaunchFailed, StateFailed
from prism_stack.launcher.life import Stage
from prism_stack.launcher.supervisor import Rules


def stages(world: World) -> dict[str, Stage]:
    """Return the stage of each process."""
    return {process.id: process.life.stage for process in world.roster.all()}


def test_a_process_is_saved_before_it_is_spawned(world: World) -> None:
    """So that a launcher that is killed in between finds it again."""
    seen: list[list[str]] = []
    world.crew.on_spawn = lambda: seen.append([process.id for process in world.state.saved])
    process = world.supervisor.begin(wish_of())

    assert seen == [[ID]]
    assert (process.life.stage, process.life.pid) == (Stage.STARTING, world.crew.alive[ID])
    assert world.state.saved == [process]


@pytest.mark.parametrize("where", ["program", "state"])
def test_nothing_is_left_of_what_cannot_be_started(world: World, where: str) -> None:
    """No process, no port, no entry."""
    if where == "program":
        world.crew.refuses = "there is no program"
    else:
        world.fill_disk()
    with pytest.raises((LaunchFailed, StateFailed)):
        world.supervisor.begin(wish_of())

    assert (world.roster.all(), world.crew.alive, world.crew.held) == ([], {}, set())
    assert world.crew.forgotten == [ID]


def test_no_more_than_allowed_are_begun(world: World) -> None:
    """The limit is named."""
    world.supervisor._rules = Rules(max_processes=1)
    world.supervisor.begin(wish_of())
    with pytest.raises(Full, match="1 processes are there already"):
        world.supervisor.begin(wish_of("ns:bills:keyvalue"))


def test_an_end_that_nobody_asked_for_is_followed_by_a_start(world: World) -> None:
    """When its pause is over, and not before; on the same port."""
    before = world.up()
    world.crew.die(ID, 3)
    world.supervisor.step()
    waiting = world.roster.get(ID)
    assert (waiting.life.stage, waiting.life.last_error) == (Stage.WAITING, "exited with code 3: no such thing")
    world.clock.now += 0.9
    world.supervisor.step()
    assert world.crew.alive == {}

    world.clock.now += 0.2
    world.supervisor.step()
    after = world.roster.get(ID)
    assert (after.life.stage, after.life.restarts, after.life.errors) == (Stage.STARTING, 1, 1)
    assert after.port == before.port
    assert after.life.token != before.life.token


def test_a_process_that_never_comes_up_is_started_five_times(world: World) -> None:
    """Its breaker is open then, and other processes have seen nothing of it."""
    world.up("ns:bills:keyvalue")
    world.supervisor.begin(wish_of())
    for _ in range(1000):
        if ID in world.crew.alive:
            world.crew.die(ID)
        world.supervisor.step()
        world.clock.now += 0.1
        world.hear("ns:bills:keyvalue")

    assert stages(world) == {ID: Stage.FAILED, "ns:bills:keyvalue": Stage.RUNNING}
    assert [job.process_id for job in world.crew.jobs].count(ID) == 5
    assert world.roster.get("ns:bills:keyvalue").life.restarts == 0


def test_one_that_does_not_come_up_is_killed_once_and_told_apart(world: World) -> None:
    """No handshake, or no heartbeat after it."""
    world.supervisor.begin(wish_of())
    world.clock.now += 10
    world.supervisor.step()
    world.supervisor.step()
    assert world.crew.killed == [ID]
    assert world.roster.get(ID).life.last_error == "no handshake within 10 s: no such thing"

    world.clock.now += 1.2
    world.supervisor.step()
    process = world.roster.get(ID)
    world.roster.put(replace(process, life=replace(process.life, is_greeted=True)))
    world.clock.now += 10
    world.supervisor.step()
    world.supervisor.step()
    assert world.roster.get(ID).life.last_error == "no heartbeat within 10 s: no such thing"


def test_an_end_that_was_asked_for_or_of_another_start_is_no_failure(world: World) -> None:
    """Nor is that of a process that nobody knows."""
    process = world.up()
    world.supervisor.take_exit(Exit(process_id=ID, pid=process.life.pid + 1, status=1))
    world.supervisor.take_exit(Exit(process_id="ns:no:keyvalue", pid=1, status=1))
    assert stages(world) == {ID: Stage.RUNNING}
    world.roster.put(replace(process, life=replace(process.life, stage=Stage.TERMINATING)))
    world.supervisor.take_exit(Exit(process_id=ID, pid=process.life.pid, status=1))

    assert stages(world) == {ID: Stage.TERMINATING}
    assert world.roster.get(ID).life.errors == 0


def test_a_program_that_is_gone_at_a_restart_counts_as_a_failure(world: World) -> None:
    """It may come back; until the breaker opens it is tried."""
    world.up()
    world.crew.die(ID)
    world.supervisor.step()
    world.crew.refuses = "there is no program"
    for _ in range(1000):
        world.clock.now += 0.1
        world.supervisor.step()
    life = world.roster.get(ID).life
    assert (life.stage, life.errors) == (Stage.FAILED, 5)
    assert life.last_error.endswith("there is no program")

    world.crew.refuses = ""
    fresh = world.supervisor.begin_anew(world.roster.get(ID))
    assert (fresh.life.stage, fresh.life.errors, fresh.life.restarts) == (Stage.STARTING, 0, 0)


def test_a_jump_of_the_clock_starts_each_process_once(world: World) -> None:
    """As after a suspended machine: no burst of restarts, however much was due."""
    ids = [f"ns:n{number}:keyvalue" for number in range(20)]
    for process_id in ids:
        world.up(process_id)
        world.crew.die(process_id)
    world.supervisor.step()
    begun = len(world.crew.jobs)
    world.clock.now += timedelta(days=3).total_seconds()
    for _ in range(5):
        world.supervisor.step()

    assert len(world.crew.jobs) - begun == len(ids)
    assert set(stages(world).values()) == {Stage.STARTING}


def test_silence_is_told_once_and_changes_nothing_else(world: World) -> None:
    """The process may well be there."""
    changes: list[str] = []
    world.supervisor.when_changed = lambda: changes.append("changed")
    pid = world.up().life.pid
    world.clock.now += 15.1
    for _ in range(3):
        world.supervisor.step()

    life = world.roster.get(ID).life
    assert (life.stage, life.pid, life.is_healthy, life.last_error) == (Stage.RUNNING, pid, False, "silent for 15.0 s")
    assert changes == ["changed"]


def test_the_next_look_is_when_the_next_thing_is_due(world: World) -> None:
    """In milliseconds, never before the moment; for ever where nothing can become due."""
    assert world.supervisor._pause() is None
    world.supervisor.begin(wish_of())
    assert world.supervisor._pause() == 10_001
    world.up("ns:bills:keyvalue")
    world.clock.now += 9.9995
    pause = world.supervisor._pause()
    assert pause is not None
    assert 1 <= pause < 2
    world.clock.now += 60
    assert world.supervisor._pause() == 1


def test_a_disk_that_is_full_ends_nothing_and_is_told_once(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Until it can be written again."""
    pid = world.up().life.pid
    world.fill_disk()
    for _ in range(3):
        world.roster.try_save()
    assert world.crew.alive == {ID: pid}
    lines = [record.getMessage() for record in caplog.records]
    assert lines == ["the launcher's state /state cannot be written: No space left on device; what runs goes on"]

    world.state.fails = None
    world.roster.try_save()
    assert [process.id for process in world.state.saved] == [ID]
    world.fill_disk()
    world.roster.try_save()
    assert len(caplog.records) == 2
