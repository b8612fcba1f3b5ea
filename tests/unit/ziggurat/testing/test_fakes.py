"""Stacks whose services are played: the real code over a keeper that starts nothing."""

from __future__ import annotations

import doctest
import signal
from typing import TYPE_CHECKING, Any

import pytest

import ziggurat.testing
from ziggurat import (
    FREE,
    OUTSIDE,
    REPORTED,
    CycleError,
    FaultNotEffective,
    GrpcHealth,
    Hooks,
    KeeperLost,
    Link,
    LogLine,
    Notify,
    NotReady,
    NotRunning,
    Service,
    ServiceExited,
    Stack,
    Started,
    Tcp,
    UnknownName,
)
from ziggurat.keeper import processes
from ziggurat.relay.shape import Kind
from ziggurat.testing import FakeStacks, Script
from ziggurat.testing.process import FIRST_PID

if TYPE_CHECKING:
    from pathlib import Path

    from ziggurat import RunningStack
    from ziggurat.spec import Probe

DB = Service(name="db", command=("no-such-db", "--listen", "{sql}"), ports={"sql": FREE}, ready=Notify())
API = Service(
    name="api",
    command=("no-such-api", "--db", "{db.sql}"),
    env={"LISTEN": "{http}"},
    ports={"http": FREE},
    ready=GrpcHealth(endpoint="http"),
    after=("db",),
)
SHOP = Stack(name="shop", services=(API, DB), ready=(Tcp(endpoint="api.http"),))


def one(ready: Probe, **named: Any) -> Stack:  # noqa: ANN401 - as of Service
    """Return a stack of one service."""
    return Stack(name="one", services=(Service(name="web", command=("web",), ready=ready, **named),))


def test_the_examples_of_the_package_hold() -> None:
    """As a reader would type them."""
    assert doctest.testmod(ziggurat.testing).failed == 0


def test_commands_and_variables_are_filled_in(tmp_path: Path) -> None:
    """By the real templates; the programs need not be there."""
    with FakeStacks(tmp_path) as stacks:
        shop = stacks.start(SHOP)

        assert shop.command("api") == ("no-such-api", "--db", shop.address("db.sql"))
        assert shop.environment("api")["LISTEN"] == shop.address("api.http")


def test_services_come_up_in_their_order(tmp_path: Path) -> None:
    """And hooks are called on the way."""
    seen: list[tuple[str, str]] = []
    with FakeStacks(tmp_path) as stacks:
        shop = stacks.start(SHOP, hooks=Hooks(progress=lambda *words: seen.append(words)))

        assert seen == [("db", "spawned"), ("db", "ready"), ("api", "spawned"), ("api", "ready")]
        assert [leg.service for leg in shop.critical_path] == ["db", "api"]


@pytest.mark.parametrize(
    ("stack", "error"),
    [
        (one(Started(), after=("web",)), CycleError),
        (one(Tcp(endpoint="nothing")), UnknownName),
    ],
)
def test_a_stack_that_cannot_be_is_refused(tmp_path: Path, stack: Stack, error: type[Exception]) -> None:
    """As by the real start."""
    with FakeStacks(tmp_path) as stacks, pytest.raises(error):
        stacks.start(stack)


def test_a_service_that_ends_at_its_start_fails_it(tmp_path: Path) -> None:
    """With its last lines, and how the others stood."""
    scripts = {"api": Script(exit_status=3, log=("cannot open the store",))}
    with FakeStacks(tmp_path, scripts) as stacks, pytest.raises(ServiceExited) as caught:
        stacks.start(SHOP)

    assert (caught.value.service, caught.value.ending.status) == ("api", 3)
    assert caught.value.last_lines == ("cannot open the store",)
    assert {standing.service for standing in caught.value.standings} == {"api", "db"}


def test_a_service_that_is_never_ready_fails_the_start_soon(tmp_path: Path) -> None:
    """Whatever time it was given."""
    with FakeStacks(tmp_path, {"db": Script(is_ready=False)}) as stacks, pytest.raises(NotReady) as caught:
        stacks.start(SHOP)

    assert [waiting.service for waiting in caught.value.waiting] == ["db"]


def test_a_line_of_the_log_makes_ready(tmp_path: Path) -> None:
    """And tells a port that the service reports."""
    web = one(LogLine(pattern=r"on port (?P<http>\d+)"), ports={"http": REPORTED})
    with FakeStacks(tmp_path, {"web": Script(log=("serving on port 4711",))}) as stacks:
        assert stacks.start(web).address("web.http") == "127.0.0.1:4711"


def test_a_service_tells_its_endpoint(tmp_path: Path) -> None:
    """As by sd_notify."""
    script = Script(told={"X_ENDPOINT_HTTP": "127.0.0.1:4712"})
    with FakeStacks(tmp_path, {"web": script}) as stacks:
        assert stacks.start(one(Notify(), ports={"http": REPORTED})).address("web.http") == "127.0.0.1:4712"


def test_a_test_makes_things_happen(tmp_path: Path) -> None:
    """What a helper would see of a real service."""
    with FakeStacks(tmp_path) as stacks:
        shop = stacks.start(SHOP)
        shop.write("db", "out of disk")
        shop.crash("db", 70)

        assert shop["db"].log.tail() == ("out of disk",)
        assert shop["db"].wait_ended(1).status == 70
        with pytest.raises(NotRunning, match="db is not running: it is exited"):
            shop["db"].signal(signal.SIGHUP)


def test_faults_of_services_take_effect_and_recover(tmp_path: Path) -> None:
    """By the real code."""
    with FakeStacks(tmp_path) as stacks:
        db = stacks.start(SHOP)["db"]
        with db.paused():
            assert db.facts()["paused"]
        with db.killed() as ending:
            assert ending.signal == "SIGKILL"
        before = db.pid
        db.restart()

        assert (db.facts()["state"], db.facts()["paused"]) == ("running", False)
        assert db.pid != before


def test_a_service_that_ignores_sigterm_has_to_be_killed(tmp_path: Path) -> None:
    """And so was not terminated."""
    with FakeStacks(tmp_path, {"db": Script(ignores_sigterm=True)}) as stacks:
        db = stacks.start(SHOP)["db"]
        with pytest.raises(FaultNotEffective, match="it did not end in time and was killed"), db.terminated():
            pass


def test_faults_of_links_are_known(tmp_path: Path) -> None:
    """None crosses anything, and each counts as effective."""
    with FakeStacks(tmp_path) as stacks:
        link = stacks.start(SHOP.with_links(Link("api", "db.sql"))).link("api", "db.sql")
        with link.slow(0.1), link.throttle(10), link.cut(), link.reset():
            assert [fault.kind for fault in link.faults] == [Kind.SLOW, Kind.THROTTLE, Kind.CUT, Kind.RESET]
        with link.refuse():
            assert link.traffic()["open"] == 0

        assert link.faults == []


def test_a_link_leads_through_the_relay_here_too(tmp_path: Path) -> None:
    """Its source sees another address than everybody else."""
    with FakeStacks(tmp_path) as stacks:
        shop = stacks.start(SHOP.with_links(Link("api", "db.sql"), Link(OUTSIDE, "api.http")))

        assert shop.command("api")[2] == shop.link("api", "db.sql").address != shop.address("db.sql")
        assert shop.link(OUTSIDE, "api.http").address != shop.address("api.http")


def test_what_was_asked_of_the_keeper_is_known(tmp_path: Path) -> None:
    """For helpers whose point is what they do to a stack."""
    with FakeStacks(tmp_path) as stacks:
        shop = stacks.start(SHOP)
        shop["db"].pause()

        verb, facts = next((verb, facts) for verb, facts in shop.fakes.asked if verb == "signal")
        assert (verb, facts["signal"], facts["service"]) == ("signal", signal.SIGSTOP, shop["db"].key)


def test_a_stopped_stack_is_gone(tmp_path: Path) -> None:
    """As a real one is with its keeper."""
    with FakeStacks(tmp_path) as stacks:
        shop = stacks.start(SHOP)
        shop.stop()

        assert shop["db"].is_forgotten()
        with pytest.raises(KeeperLost):
            shop["db"].kill()


def test_a_pid_is_never_that_of_a_process(tmp_path: Path) -> None:
    """A signal by hand reaches nobody."""
    with FakeStacks(tmp_path) as stacks:
        pid = stacks.start(SHOP)["db"].pid

        assert pid >= FIRST_PID
        assert processes.state(pid) == ""


def prices(shop: RunningStack) -> list[str]:
    """Be a helper of a user's: what it does is its own matter."""
    return [line.removeprefix("price ") for line in shop["api"].log.lines() if line.startswith("price ")]


def test_a_helper_is_tested_without_a_process(tmp_path: Path) -> None:
    """It takes a running stack and cannot tell the difference."""
    with FakeStacks(tmp_path, {"api": Script(log=("up", "price 3", "price 5"))}) as stacks:
        assert prices(stacks.start(SHOP)) == ["3", "5"]
