"""Stopping: ask, grace, kill, and nothing of the service's family is left."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import pytest

from ziggurat import Ask, Lease, Notify, NotRunning, Service, Stack, Started, start, wait_until
from ziggurat.keeper import processes

if TYPE_CHECKING:
    from collections.abc import Callable

    from ziggurat import RunningStack
    from ziggurat.spec import Probe

    Program = Callable[..., tuple[str, ...]]
    Alive = Callable[[int], bool]
    Family = Callable[..., dict[str, int]]

AT_ONCE = 10.0
"""Tells what waits for nothing from what waits for a grace of a minute, on a busy machine too; benches measure."""


def running(
    lease: Lease, command: tuple[str, ...], *, ready: Probe | None = None, stop: tuple[Ask, ...] = (Ask(),)
) -> RunningStack:
    """Start one service and return its stack."""
    service = Service(name="made", command=command, ready=ready or Notify(), stop=stop)
    return start(Stack(name="one", services=(service,)), lease=lease)


def test_a_service_that_obeys_ends_at_once(lease: Lease, program: Program) -> None:
    """Nobody waits for the rest of the grace."""
    stack = running(lease, program("serve", "127.0.0.1:0"), stop=(Ask(seconds=60),))

    began = time.monotonic()
    stack.stop()
    assert time.monotonic() - began < AT_ONCE


def test_a_service_that_ignores_sigterm_is_killed_when_its_grace_is_over(lease: Lease, program: Program) -> None:
    """Not before, and then by SIGKILL."""
    stack = running(lease, program("ignore_sigterm"), stop=(Ask(seconds=0.3),))

    began = time.monotonic()
    ending = stack["made"].terminate()
    assert 0.3 <= time.monotonic() - began < AT_ONCE
    assert ending.signal == "SIGKILL"
    assert stack["made"].log.lines() == ["ignored SIGTERM"]


def test_steps_are_tried_in_turn(lease: Lease, program: Program) -> None:
    """Each signal gets its own time."""
    steps = (Ask(signal=signal.SIGINT, seconds=0.1), Ask(seconds=0.1))
    stack = running(lease, program("ignore_sigterm"), stop=steps)

    stack["made"].terminate()
    assert stack["made"].log.lines() == ["ignored SIGINT", "ignored SIGTERM"]


def test_a_service_without_steps_is_killed_at_once(lease: Lease, program: Program) -> None:
    """For data that may be thrown away."""
    stack = running(lease, program("ignore_sigterm"), stop=())

    assert stack["made"].terminate().signal == "SIGKILL"
    assert stack["made"].log.lines() == []


def test_a_kill_overtakes_a_stop_under_way(lease: Lease, program: Program) -> None:
    """Whoever has no patience left need not wait for the grace."""
    stack = running(lease, program("ignore_sigterm"), stop=(Ask(seconds=60),))
    key = stack["made"].key

    began = time.monotonic()
    slow, fast = lease.ask_all([("stop", {"service": key}), ("stop", {"service": key, "steps": []})])
    assert time.monotonic() - began < AT_ONCE
    assert slow["exit_status"] == fast["exit_status"] == -signal.SIGKILL


def test_a_service_that_stands_still_can_be_stopped_in_order(lease: Lease, program: Program) -> None:
    """It goes on, sees the signal and ends by itself."""
    stack = running(lease, program("stop_itself"))
    wait_until(lambda: stack["made"].facts()["paused"], seconds=2, what="the service to stand still")

    assert stack["made"].terminate().status == 0


def test_a_stack_stops_those_that_need_others_first(lease: Lease, program: Program) -> None:
    """So that nobody sees a service that it needs go away."""
    first = Service(name="first", command=program("serve", "127.0.0.1:0"), ready=Notify())
    second = Service(name="second", command=program("serve", "127.0.0.1:0"), ready=Notify(), after=("first",))
    stack = start(Stack(name="two", services=(first, second)), lease=lease)
    lease.events()

    stack.stop()
    exits = [event["service"] for event in lease.events() if event["event"] == "exited"]
    assert [name.rpartition(".")[2] for name in exits] == ["second", "first"]


def test_stopping_twice_is_stopping_once(program: Program, base: object) -> None:
    """So that a test may stop a stack inside its ``with``."""
    del base
    service = Service(name="made", command=program("serve", "127.0.0.1:0"), ready=Notify())

    with start(Stack(name="one", services=(service,))) as stack:
        stack.stop()


def test_what_is_not_running_takes_no_signal(lease: Lease, program: Program) -> None:
    """And the error says which service, by its name, and how it is."""
    stack = running(lease, program("serve", "127.0.0.1:0"))
    stack["made"].kill()

    with pytest.raises(NotRunning) as caught:
        stack["made"].signal(signal.SIGTERM)
    assert str(caught.value) == "made is not running: it is exited"
    with pytest.raises(NotRunning):
        _ = stack["made"].pid


def test_pause_and_resume_return_when_they_have_happened(lease: Lease, program: Program) -> None:
    """So that a test need not wait for it."""
    stack = running(lease, program("serve", "127.0.0.1:0"))
    pid = stack["made"].pid

    stack["made"].pause()
    assert processes.state(pid) == "T"
    stack["made"].resume()
    assert processes.state(pid) != "T"


# === families ===


@pytest.mark.parametrize("kinds", [("child", "stubborn", "session"), ("daemon",), ("daemon", "session")])
def test_a_stop_leaves_none_of_the_family(
    lease: Lease, program: Program, alive: Alive, family: Family, kinds: tuple[str, ...]
) -> None:
    """Children, those that changed their session, and daemons."""
    stack = running(lease, program("leave_family", *kinds))
    members = family(stack["made"].log, *kinds)

    stack["made"].terminate()
    assert [pid for pid in members.values() if alive(pid)] == []


def test_a_stop_never_returns_before_the_last_has_ended(lease: Lease, program: Program, alive: Alive) -> None:
    """A process that is being killed loses its memory, by which it is known, some time before its ports."""
    stack = running(lease, program("leave_family", "daemon"))
    for _ in range(20):
        daemon = int(stack["made"].log.wait_for(r"^daemon (\d+)$", since=stack["made"].log_start)[1])
        stack["made"].terminate()
        assert not alive(daemon)
        stack["made"].restart()


def test_a_main_process_that_ends_takes_its_family_with_it(
    lease: Lease, program: Program, alive: Alive, family: Family
) -> None:
    """A service is its whole tree: the next start would find the old one's children on its port."""
    command = program("leave_family", "--exit", "child", "session", "daemon", "stubborn")
    stack = running(lease, command, ready=Started())

    stack["made"].wait_ended(5)
    members = family(stack["made"].log, "child", "session", "daemon", "stubborn")
    assert [pid for pid in members.values() if alive(pid)] == []


def test_a_daemon_without_tag_and_session_is_gone_at_the_end_of_the_run(
    program: Program, alive: Alive, family: Family, lease: Lease
) -> None:
    """Only being the subreaper finds such a one."""
    stack = running(lease, program("leave_family", "bare"))
    bare = family(stack["made"].log, "bare")["bare"]
    wait_until(lambda: processes.environment(bare) == {}, seconds=2, what="the daemon without environment")

    lease.end()
    assert not alive(bare)


def test_a_bounded_fork_bomb_is_gone_when_its_service_is_stopped(lease: Lease, program: Program, alive: Alive) -> None:
    """Fifty processes, every second one in a session of its own, each the child of another."""
    stack = running(lease, program("fork_on", "50"), ready=Started())
    log = stack["made"].log
    wait_until(lambda: len(log.whole_lines()) == 51, seconds=10, what="all fifty-one processes")
    pids = [int(line.split()[1]) for line in log.lines()]

    stack["made"].kill()
    assert [pid for pid in pids if alive(pid)] == []


def test_a_fork_bomb_is_gone_also_while_it_goes_on(lease: Lease, program: Program) -> None:
    """Nobody waits until it has finished."""
    stack = running(lease, program("fork_on", "300"), ready=Started())

    stack["made"].kill()
    assert processes.tagged(lease.about_keeper["run"]) == []


def test_no_zombie_stays(lease: Lease, program: Program) -> None:
    """Orphans are reaped as they end, by the keeper."""
    stack = running(lease, program("leave_family", *["daemon"] * 5))
    stack["made"].kill()

    wait_until(
        lambda: processes.children(lease.about_keeper["pid"]) == [], seconds=2, what="the keeper to have no child"
    )


def test_a_family_of_another_service_is_left_alone(
    lease: Lease, program: Program, alive: Alive, family: Family
) -> None:
    """Daemons too belong to the service that started them."""
    one = Service(name="one", command=program("leave_family", "daemon"), ready=Notify())
    other = Service(name="other", command=program("leave_family", "daemon", "session"), ready=Notify())
    stack = start(Stack(name="two", services=(one, other)), lease=lease)
    left = family(stack["other"].log, "daemon", "session")

    stack["one"].terminate()
    assert all(alive(pid) for pid in left.values())
    stack.stop()
