"""Probes as generators, on a service that is a script: no processes, no network."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ziggurat.grpc_health import HealthCheck
from ziggurat.log import ServiceLog
from ziggurat.probe import Retry, Socket, Told, _ask_until_serving, describe, steps
from ziggurat.spec import Endpoint, GrpcHealth, LogLine, Notify, Probe, Started, Tcp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ziggurat.probe import Need, Steps


@dataclass
class FakeSight:
    """A service that says what the test lets it say."""

    key: str = "made-1.made"
    spawned_pid: int = 1
    log: ServiceLog = field(default_factory=lambda: ServiceLog(Path("/nowhere")))
    log_start: int = 0
    told: dict[str, str] = field(default_factory=dict)
    unknown: list[list[str]] = field(default_factory=list)
    """What each further look for ports leaves unknown."""
    reported: list[tuple[str, int]] = field(default_factory=list)

    def endpoint(self, name: str) -> Endpoint | None:
        """Know no endpoint."""
        del name
        return None

    def hear(self, told: dict[str, str]) -> None:
        """Take note."""
        self.told |= told

    def report_port(self, name: str, number: int) -> None:
        """Note what was reported."""
        self.reported.append((name, number))

    def look_for_ports(self) -> list[str]:
        """Look once more."""
        return self.unknown.pop(0) if self.unknown else []


@pytest.fixture
def sight(tmp_path: Path) -> FakeSight:
    """A service with an empty log."""
    (tmp_path / "log").touch()
    return FakeSight(log=ServiceLog(tmp_path / "log"))


def write(sight: FakeSight, text: str) -> None:
    """Append to the log."""
    with sight.log.path.open("a") as log:
        log.write(text)


def needs(probe: Steps, count: int) -> list[Need]:
    """Return what a probe needs in its next steps."""
    return [next(probe) for _ in range(count)]


def is_ready(probe: Steps) -> bool:
    """Say whether the next step is the last."""
    return next(probe, None) is None


def test_started_needs_nothing(sight: FakeSight) -> None:
    """A service that runs is ready."""
    assert is_ready(steps(Started(), sight))


def test_a_reported_port_belongs_to_being_ready(sight: FakeSight) -> None:
    """Whatever the probe is, nobody can use a service whose port is not known."""
    sight.unknown = [["http"], ["http"], []]
    probe = steps(Started(), sight)

    assert needs(probe, 2) == [Retry("the port of http is not known yet")] * 2
    assert is_ready(probe)


@pytest.mark.parametrize("probe", [Tcp(endpoint="http"), GrpcHealth(endpoint="http")])
def test_a_connection_is_not_tried_while_the_port_is_not_known(sight: FakeSight, probe: Probe) -> None:
    """It is looked for meanwhile."""
    sight.unknown = [["http"]]

    assert needs(steps(probe, sight), 1) == [Retry("the port of http is not known yet")]
    assert sight.unknown == []


@pytest.mark.parametrize("said", [{}, {"READY": "0"}, {"READY": ""}, {"STATUS": ""}])
def test_notify_waits_for_ready(sight: FakeSight, said: dict[str, str]) -> None:
    """And for nothing else."""
    probe = steps(Notify(), sight)
    sight.told |= said
    assert needs(probe, 1) == [Told("READY=1 has not come")]

    sight.told["READY"] = "1"
    assert is_ready(probe)


def test_notify_tells_the_status_that_was_said(sight: FakeSight) -> None:
    """It is the best reason that there is."""
    sight.told["STATUS"] = "loading 3 of 7"

    assert needs(steps(Notify(), sight), 1) == [Told("it says: loading 3 of 7")]


def test_a_line_counts_when_it_is_whole(sight: FakeSight) -> None:
    """Part of a line is not looked at."""
    probe = steps(LogLine(pattern="ready$"), sight)
    write(sight, "almost\nready")
    assert needs(probe, 1) == [Told("no such line has come")]

    write(sight, "\n")
    assert is_ready(probe)


def test_lines_of_before_the_start_do_not_count(sight: FakeSight) -> None:
    """They are another process's."""
    write(sight, "ready\n")
    sight.log_start = sight.log.size()

    assert needs(steps(LogLine(pattern="ready"), sight), 1) == [Told("no such line has come")]


def test_groups_of_a_line_report_ports(sight: FakeSight) -> None:
    """Those that are numbers."""
    write(sight, "v2 at 80 and -\n")
    pattern = r"(?P<version>v\d) at (?P<http>\d+) and (?P<grpc>-|\d+)(?P<more>\d+)?"

    assert is_ready(steps(LogLine(pattern=pattern), sight))
    assert sight.reported == [("http", 80)]


@pytest.mark.parametrize(
    ("probe", "words"),
    [
        (Started(), "running"),
        (Notify(), "READY=1 on its notify socket"),
        (Tcp(endpoint="http"), "TCP connection to http"),
        (GrpcHealth(endpoint="grpc"), "gRPC health of the server at grpc"),
        (GrpcHealth(endpoint="grpc", service="a.B"), "gRPC health of a.B at grpc"),
        (LogLine(pattern="up"), "log line matching 'up'"),
    ],
)
def test_each_probe_can_be_described(probe: Probe, words: str) -> None:
    """For the report of a time-out."""
    assert describe(probe) == words


# === a health check on a connection, which here is one end of a pair ===


@dataclass
class Conversation:
    """A health check that is asked over one end, and the other end."""

    near: socket.socket
    far: socket.socket

    def __post_init__(self) -> None:
        """Begin."""
        self.near.setblocking(False)
        self.check = HealthCheck("a.B", "h:1")
        self.steps = _ask_until_serving(self.near, self.check)

    def reply(self, status: int, stream: int = 1, *, last: bool = False) -> None:
        """Tell a status, and where it is the last one of this answer, end it."""
        message = b"\0\0\0\0\x02\x08" + bytes([status])
        head = len(message).to_bytes(3, "big") + bytes([0, last]) + stream.to_bytes(4, "big")
        self.far.sendall(head + message)

    def outcome(self) -> bool:
        """Return what the check ends with."""
        with pytest.raises(StopIteration) as caught:
            next(self.steps)
        return bool(caught.value.value)


@pytest.fixture
def talk() -> Iterator[Conversation]:
    """A health check that nobody has answered yet."""
    near, far = socket.socketpair()
    with near, far:
        yield Conversation(near, far)


def test_serving_is_ready(talk: Conversation) -> None:
    """After one answer."""
    assert next(talk.steps) == Socket(talk.near, "connected, but the health check is not answered")
    talk.reply(1)

    assert talk.outcome()


def test_a_status_that_changes_is_told_without_asking(talk: Conversation) -> None:
    """Meanwhile it is the reason for not being ready."""
    next(talk.steps)
    talk.reply(2)
    assert next(talk.steps) == Socket(talk.near, "NOT_SERVING")
    talk.reply(1)

    assert talk.outcome()


def test_the_same_connection_is_asked_again_when_an_answer_ends(talk: Conversation) -> None:
    """On another stream."""
    next(talk.steps)
    talk.reply(2, last=True)
    assert next(talk.steps) == Retry("NOT_SERVING")
    next(talk.steps)
    talk.reply(1, stream=3)

    assert talk.outcome()


def test_a_closed_connection_is_given_up(talk: Conversation) -> None:
    """The next look makes another."""
    next(talk.steps)
    talk.far.close()
    talk.near.recv(0)
    reason = next(talk.steps)

    assert isinstance(reason, Retry)
    assert "before the health check was answered" in reason.reason or "connection lost" in reason.reason
    assert not talk.outcome()


def test_a_connection_that_goes_away_is_given_up(talk: Conversation) -> None:
    """GOAWAY means that no further call will be answered on it."""
    next(talk.steps)
    talk.far.sendall(b"\0\0\x08\x07\0\0\0\0\0" + bytes(8))

    assert next(talk.steps) == Retry("GOAWAY (error code 0)")
    assert not talk.outcome()
