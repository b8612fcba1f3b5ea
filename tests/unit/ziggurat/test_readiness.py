"""Awaiting probes in one loop, over a keeper that is a script."""

from __future__ import annotations

import socket
import time
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from ziggurat.errors import NotReady, ServiceExited
from ziggurat.log import ServiceLog
from ziggurat.readiness import Readiness
from ziggurat.service import RunningService
from ziggurat.spec import LogLine, Notify, Service, Started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ziggurat.lease import Lease
    from ziggurat.spec import Probe

Event = dict[str, Any]
Pair = tuple[socket.socket, socket.socket]


@dataclass
class ScriptedLease:
    """What readiness needs of a lease; an event is on the wire, or read already while something else was asked."""

    wire: Pair
    news: Pair
    awaiting: AbstractContextManager[None] = field(default_factory=nullcontext)
    read: list[Event] = field(default_factory=list)
    unread: list[Event] = field(default_factory=list)
    asked: list[tuple[str, object]] = field(default_factory=list)
    at_ready: list[Event] = field(default_factory=list)
    """Events that come in while the keeper is told that a service is ready."""

    def descriptors(self) -> tuple[int, int]:
        """Return what can be read once something is on the wire, or once something was read from it."""
        return self.wire[0].fileno(), self.news[0].fileno()

    def happen(self, event: str, service: str, **facts: object) -> None:
        """Put an event on the wire."""
        self.unread.append({"event": event, "service": service, **facts})
        self.wire[1].send(b".")

    def events(self) -> list[Event]:
        """Read and return all events."""
        with suppress(BlockingIOError):
            self.wire[0].recv(100)
        with suppress(BlockingIOError):
            self.news[0].recv(100)
        happened = self.read + self.unread
        self.read, self.unread = [], []
        return happened

    def tell(self, verb: str, **facts: object) -> None:
        """Note what is asked; when a service is said to be ready, further events come in."""
        self.asked.append((verb, facts.get("service")))
        if verb == "ready":
            self.read += self.at_ready
            self.news[1].send(b"." if self.at_ready else b"")
            self.at_ready = []


@pytest.fixture
def lease() -> Iterator[ScriptedLease]:
    """A keeper that tells what the test lets happen."""
    wire, news = socket.socketpair(), socket.socketpair()
    with wire[0], wire[1], news[0], news[1]:
        for end in (wire[0], news[0]):
            end.setblocking(False)
        yield ScriptedLease(wire, news)


def service(lease: ScriptedLease, name: str, ready: Probe, log: Path = Path("/nowhere")) -> RunningService:
    """Return a service as it is right after its start."""
    return RunningService(
        spec=Service(name=name, command=(name,), ready=ready),
        key=f"made-1.{name}",
        lease=cast("Lease", lease),
        log=ServiceLog(log),
        endpoints={},
        spawned_pid=1,
    )


def awaiting(lease: ScriptedLease, *services: RunningService, seconds: float = 5.0) -> Readiness:
    """Return the readiness that awaits these services."""
    readiness = Readiness(cast("Lease", lease))
    for awaited in services:
        readiness.add(awaited.name, awaited, awaited.spec.ready, seconds)
    return readiness


READY = {"READY": "1"}


def test_what_needs_no_waiting_is_ready_at_once(lease: ScriptedLease) -> None:
    """Also where its process has ended by now."""
    made = service(lease, "made", Started())
    lease.happen("exited", made.key, pid=1, status=0)

    assert awaiting(lease, made).step() == ["made"]
    assert lease.asked == [("ready", made.key)]


def test_an_event_on_the_wire_is_taken(lease: ScriptedLease) -> None:
    """The probe goes on when the service is told of."""
    made = service(lease, "made", Notify())
    lease.happen("notified", made.key, pid=1, told=READY)

    assert awaiting(lease, made).step() == ["made"]


def test_an_event_that_was_read_while_another_thing_was_asked_is_not_waited_for(lease: ScriptedLease) -> None:
    """Nothing more may come on the wire: both services said that they are ready at the same moment."""
    first, second = service(lease, "first", Notify()), service(lease, "second", Notify())
    lease.happen("notified", first.key, pid=1, told=READY)
    lease.at_ready = [{"event": "notified", "service": second.key, "pid": 1, "told": READY}]
    readiness = awaiting(lease, first, second, seconds=2.0)
    began = time.monotonic()

    assert readiness.step() == ["first"]
    assert readiness.step() == ["second"]
    assert time.monotonic() - began < 1


def test_an_end_is_reported_with_the_lines_since_the_start(lease: ScriptedLease, tmp_path: Path) -> None:
    """What an earlier process wrote into the same file is not its own."""
    log = tmp_path / "log"
    log.write_bytes(b"of yesterday\nfirst\nlast")
    made = service(lease, "made", Notify(), log)
    made.log_start = len(b"of yesterday\n")
    lease.happen("exited", made.key, pid=1, status=-9)

    with pytest.raises(ServiceExited) as caught:
        awaiting(lease, made).step()
    assert (caught.value.ending.status, caught.value.last_lines) == (-9, ("first", "last"))


def test_what_an_earlier_process_of_the_service_did_is_history(lease: ScriptedLease) -> None:
    """Neither its end nor its word counts."""
    made = service(lease, "made", Notify())
    lease.happen("exited", made.key, pid=77, status=0)
    lease.happen("notified", made.key, pid=77, told=READY)

    with pytest.raises(NotReady):
        awaiting(lease, made, seconds=0.01).wait_all()


def test_what_happens_to_strangers_is_not_looked_at(lease: ScriptedLease) -> None:
    """Another stack on the same keeper may end."""
    lease.happen("exited", "other-1.made", pid=1, status=0)

    assert awaiting(lease, service(lease, "made", Notify())).step() == []


def test_growth_of_the_log_wakes_the_one_who_waits_for_a_line(lease: ScriptedLease, tmp_path: Path) -> None:
    """Nobody looks at the file in between."""
    log = tmp_path / "log"
    made = service(lease, "made", LogLine(pattern="^up$"), log)
    readiness = awaiting(lease, made)
    lease.happen("grew", made.key, size=3)
    assert readiness.step() == []

    log.write_bytes(b"up\n")
    lease.happen("grew", made.key, size=3)
    assert readiness.step() == ["made"]


def test_time_that_is_up_names_all_that_are_awaited(lease: ScriptedLease) -> None:
    """Each with its own reasons."""
    first, second = service(lease, "first", Notify()), service(lease, "second", LogLine(pattern="up"))

    with pytest.raises(NotReady) as caught:
        awaiting(lease, first, second, seconds=0.01).wait_all()
    assert {waiting.service: waiting.reasons for waiting in caught.value.waiting} == {
        "first": (("READY=1 has not come", 1),),
        "second": (("no such line has come", 1),),
    }


def test_nothing_is_awaited_after_a_failure(lease: ScriptedLease) -> None:
    """And no connection of a probe stays open."""
    made = service(lease, "made", Notify())
    lease.happen("exited", made.key, pid=1, status=3)
    readiness = awaiting(lease, made)

    with pytest.raises(ServiceExited):
        readiness.wait_all()
    assert not readiness
