"""Launches: two wishes for one process meet in one, what failed is started anew, and old wishes change nothing."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from tests.unit.prism_stack.launcher.conftest import ID, World, process_of, wish_of

from prism_stack.launcher.endings import Manner
from prism_stack.launcher.errors import Full, LaunchFailed, NotUp, OutOfOrder
from prism_stack.launcher.launches import MOST_WAITING
from prism_stack.launcher.life import Stage
from prism_stack.launcher.wish import Proxy, Wish

SOON = 10.0
AT_ONCE = 0.0
P1, P2 = Proxy(id="p1", address="h:1"), Proxy(id="p2", address="h:2")


def come_up(world: World, process_id: str = ID) -> None:
    """Let a process that starts be heard of."""
    process = world.roster.get(process_id)
    life = replace(process.life, stage=Stage.RUNNING, control_endpoint="here:1", is_healthy=True)
    world.roster.put(replace(process, life=life))


def test_callers_at_the_same_time_begin_one_process(world: World) -> None:
    """Whether people launch or the admin assigns; a second begin would lose track of the first."""
    together = threading.Barrier(8)

    def launch(number: int) -> int:
        together.wait()
        call = world.launches.launch if number % 2 else world.launches.assign
        with_time = call(wish_of(version=0 if number % 2 else 1), SOON)
        return with_time.life.pid

    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(launch, number) for number in range(8)]
        world.roster.wait(lambda: ID in world.crew.alive and bool(world.roster.get(ID).life.pid), SOON)
        come_up(world)
        pids = {each.result() for each in waiting}

    assert pids == {world.crew.alive[ID]}
    assert len(world.crew.jobs) == 1


def test_a_launch_of_what_runs_returns_at_once(world: World) -> None:
    """Without any patience."""
    up = world.up()

    assert world.launches.launch(wish_of(), AT_ONCE) == up


@pytest.mark.parametrize("stage", [Stage.WAITING, Stage.FAILED])
def test_a_launch_of_what_is_not_alive_starts_it_without_its_history(world: World, stage: Stage) -> None:
    """Now, whatever its pause."""
    world.roster.put(process_of(stage, errors=4, restarts=3, last_error="x", due=1e9))
    life = world.launches.launch(wish_of(), AT_ONCE).life

    assert (life.stage, life.errors, life.restarts, life.last_error) == (Stage.STARTING, 0, 0, "")
    assert len(world.crew.jobs) == 1


def test_a_launch_that_cannot_be_begun_leaves_what_failed_as_it_was(world: World) -> None:
    """Its history is what people look at."""
    before = process_of(Stage.FAILED, errors=4, last_error="x")
    world.roster.put(before)
    world.crew.refuses = "there is no program"
    with pytest.raises(LaunchFailed):
        world.launches.launch(wish_of(), AT_ONCE)

    assert world.roster.all() == [before]


def test_what_failed_can_be_launched_with_another_configuration(world: World) -> None:
    """It is started with that from now on; one that is alive, or that the admin wishes, is not changed."""
    world.roster.put(process_of(Stage.FAILED))
    assert world.launches.launch(wish_of(config={"backend": "redis"}), AT_ONCE).wish.config == {"backend": "redis"}
    with pytest.raises(OutOfOrder, match="terminate it first"):
        world.launches.launch(wish_of(), AT_ONCE)
    world.roster.put(process_of(Stage.FAILED, version=3))
    with pytest.raises(OutOfOrder, match="terminate it first"):
        world.launches.launch(wish_of(config={"backend": "redis"}), AT_ONCE)


def test_a_launch_that_says_nothing_takes_what_is_there_as_it_is(world: World) -> None:
    """Also what failed: it keeps the configuration that it had."""
    wish = wish_of(version=3, config={"backend": "redis"}, proxies=(P1,))
    world.roster.put(replace(process_of(Stage.FAILED), wish=wish))

    assert world.launches.launch(wish_of(), AT_ONCE, as_it_is=True).wish == wish


def test_an_older_wish_is_a_yes_that_changes_nothing(world: World) -> None:
    """Whatever it says, and however the process is: nobody waits for it."""
    for stage in (Stage.STARTING, Stage.RUNNING, Stage.WAITING, Stage.FAILED):
        before = process_of(stage, version=3)
        world.roster.put(before)
        assert world.launches.assign(wish_of(version=2, config={"backend": "redis"}), AT_ONCE) == before
        assert world.roster.all() == [before]
    assert world.crew.jobs == []


@pytest.mark.parametrize(
    "other",
    [wish_of(version=3, config={"backend": "redis"}), wish_of(version=3, port=9), wish_of(version=3, proxies=(P2,))],
    ids=["configuration", "port", "proxies"],
)
def test_one_version_has_one_content(world: World, other: Wish) -> None:
    """The one that came first."""
    before = world.up(version=3)
    with pytest.raises(OutOfOrder):
        world.launches.assign(other, AT_ONCE)

    assert world.roster.all() == [before]
    assert world.launches.assign(wish_of(version=3), AT_ONCE) == before


def test_other_proxies_are_kept_for_the_next_heartbeat(world: World) -> None:
    """Saved, and the process goes on."""
    pid = world.up(version=3, proxies=(P1,)).life.pid
    after = world.launches.assign(wish_of(version=4, proxies=(P2,)), AT_ONCE)

    assert (after.life.pid, after.wish.proxies, after.wish.version) == (pid, (P2,), 4)
    assert world.state.saved == [after]


def test_another_configuration_ends_it_and_begins_anew(world: World) -> None:
    """In this order; others can look at the table meanwhile."""
    first = world.up(version=3)
    wish = wish_of(version=4, config={"backend": "redis"})
    seen: list[list[Stage]] = []
    with ThreadPoolExecutor(1) as pool:
        world.on_ask = lambda: seen.append([each.life.stage for each in pool.submit(world.roster.all).result(SOON)])
        with pytest.raises(NotUp):
            world.launches.assign(wish, 0.01)

    (after,) = world.roster.all()
    assert (after.wish, after.life.stage) == (wish, Stage.STARTING)
    assert after.life.pid not in {0, first.life.pid}
    assert seen == [[Stage.TERMINATING]]


def test_a_process_that_fails_while_it_is_awaited_is_a_failure(world: World) -> None:
    """With its reason; the answer does not wait for the rest of the patience."""
    with ThreadPoolExecutor(1) as pool:
        assigned = pool.submit(world.launches.assign, wish_of(version=1), SOON)
        world.roster.wait(lambda: ID in world.crew.alive and bool(world.roster.get(ID).life.pid), SOON)
        world.crew.die(ID)
        world.supervisor.step()
        with pytest.raises(LaunchFailed, match="exited with code 3"):
            assigned.result()


def test_a_launch_waits_until_the_process_before_it_is_gone(world: World) -> None:
    """And begins a new one then."""
    world.up()
    with ThreadPoolExecutor(1) as pool:
        launched = []
        world.on_ask = lambda: launched.append(pool.submit(world.launches.launch, wish_of(), SOON))
        world.endings.end(ID, Manner())
        world.roster.wait(lambda: ID in world.crew.alive and bool(world.roster.get(ID).life.pid), SOON)
        come_up(world)

        assert launched[0].result().life.pid == world.crew.alive[ID]


def test_a_launch_gives_up_on_an_end_that_takes_too_long(world: World) -> None:
    """The caller is told what it waits for."""
    world.roster.put(process_of(Stage.TERMINATING))
    with pytest.raises(NotUp, match="still being ended"):
        world.launches.launch(wish_of(), 0.01)


def test_callers_beyond_the_threads_are_sent_away(world: World) -> None:
    """Or the processes' own calls would find none; there is room again once they are served."""
    world.up()
    for _ in range(MOST_WAITING):
        assert world.launches._waiting.acquire(blocking=False)
    for call in (world.launches.launch, world.launches.assign):
        with pytest.raises(Full, match="48 processes are being launched"):
            call(wish_of(version=1), AT_ONCE)
    world.launches._waiting.release()

    for _ in range(2):
        assert world.launches.launch(wish_of(), AT_ONCE).life.stage is Stage.RUNNING


def test_the_wishes_of_an_admin_are_settled_without_waiting(world: World) -> None:
    """What fails is one line, and harms no other."""
    world.up("ns:gone:keyvalue", version=1)
    world.up("ns:hand:keyvalue")
    kept = world.up("ns:kept:keyvalue", version=1)
    clash = replace(wish_of("ns:kept:keyvalue", 1), port=9)
    wishes: list[Wish] = [clash, wish_of("ns:new:keyvalue", 1), wish_of("ns:no:nothing", 1)]
    world.launches.settle(wishes, complete=False)
    assert set(world.crew.alive) == {f"ns:{name}:keyvalue" for name in ("gone", "hand", "kept", "new")}

    world.launches.settle(wishes, complete=True)
    assert set(world.crew.alive) == {f"ns:{name}:keyvalue" for name in ("hand", "kept", "new")}
    assert world.roster.get("ns:kept:keyvalue").life.pid == kept.life.pid
