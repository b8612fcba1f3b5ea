"""Starting a stack: each kind of probe, and what is said when it does not come up."""

from __future__ import annotations

import re
import socket
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ziggurat import (
    FREE,
    REPORTED,
    GrpcHealth,
    Hooks,
    Http,
    Lease,
    LogLine,
    Notify,
    NotReady,
    ProgramNotFound,
    Service,
    ServiceExited,
    Stack,
    Started,
    StartFailed,
    Tcp,
    UnknownName,
    start,
)
from ziggurat.keeper import processes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ziggurat.spec import Port, Probe

    Program = Callable[..., tuple[str, ...]]

AT_ONCE = 10.0
"""Tells the end of a short time from that of a minute, on a busy machine too."""


def one(command: tuple[str, ...], ready: Probe, *, port: Port = FREE, seconds: float = 10.0) -> Stack:
    """Return a stack of one service with one port."""
    service = Service(name="web", command=command, ports={"http": port}, ready=ready, start_seconds=seconds)
    return Stack(name="one", services=(service,))


def answer_at(address: str) -> bytes:
    """Return what is answered to a connection."""
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=5) as link:
        return link.recv(100)


@pytest.mark.parametrize(
    "ready",
    [Notify(), Tcp(endpoint="http"), LogLine(pattern=r"^listening on port \d+$")],
    ids=["notify", "tcp", "log line"],
)
def test_a_service_that_is_ready_answers(lease: Lease, program: Program, ready: Probe) -> None:
    """Whichever probe tells it, the first call succeeds; after the stop nobody listens."""
    with start(one(program("serve", "{http}"), ready), lease=lease) as running:
        address = running.address("web.http")

        assert answer_at(address) == str(running["web"].pid).encode()
    with pytest.raises(ConnectionRefusedError):
        answer_at(address)


def test_a_service_without_a_probe_is_ready_when_it_runs(lease: Lease, program: Program) -> None:
    """Nothing is waited for."""
    with start(one(program("ignore_sigterm"), Started()), lease=lease) as running:
        running["web"].kill()


@pytest.mark.parametrize("statuses", [("1",), ("2", "2", "1"), ("r5", "r12", "1"), ("2", "goaway", "1")])
def test_a_service_is_ready_when_its_health_is_serving(
    lease: Lease, program: Program, statuses: tuple[str, ...]
) -> None:
    """Whatever it answered before; after GOAWAY it is asked on another connection."""
    ready = GrpcHealth(endpoint="http", service="made.Service")

    start(one(program("answer_health", "{http}", *statuses), ready, seconds=5.0), lease=lease).stop()


def test_a_service_is_ready_when_it_answers_a_get_with_success(lease: Lease, program: Program) -> None:
    """Whatever it answered before."""
    ready = Http(endpoint="http", path="/health")

    start(one(program("serve_http", "{http}", "204"), ready, seconds=5.0), lease=lease).stop()


# === not ready in time: each reason ===


REASONS: dict[str, tuple[tuple[str, ...], Probe, str]] = {
    "nobody-listens": (("ignore_sigterm",), Tcp(endpoint="http"), "connection refused"),
    "listens-elsewhere": (("serve", "127.0.0.1:0"), Tcp(endpoint="http"), "connection refused"),
    "says-nothing": (("listen_without_serving", "{http}"), Notify(), "READY=1 has not come"),
    "says-a-status": (("notify_oddly", "STATUS=loading", "--never"), Notify(), "it says: nearly there"),
    "child-says-it": (("notify_from_child",), Notify(), "READY=1 has not come"),
    "writes-another-line": (("serve", "{http}"), LogLine(pattern="never"), "no such line has come"),
    "does-not-answer": (
        ("listen_without_serving", "{http}"),
        GrpcHealth(endpoint="http"),
        "connected, but the health check is not answered",
    ),
    "not-serving": (("answer_health", "{http}", "2"), GrpcHealth(endpoint="http"), "NOT_SERVING"),
    "unknown-service": (("answer_health", "{http}", "3"), GrpcHealth(endpoint="http"), "SERVICE_UNKNOWN"),
    "no-health": (("answer_health", "{http}", "r12"), GrpcHealth(endpoint="http"), "UNIMPLEMENTED"),
    "web-server": (
        ("speak_http1", "{http}"),
        GrpcHealth(endpoint="http"),
        "it does not speak HTTP/2: 'HTTP/1.1 400 Bad Request'",
    ),
    "not-found": (("serve_http", "{http}", "404"), Http(endpoint="http", path="/health"), "HTTP 404"),
    "http-resets": (("accept_and_close", "{http}"), Http(endpoint="http"), "connection lost: connection reset by peer"),
    "resets": (("accept_and_close", "{http}"), GrpcHealth(endpoint="http"), "connection reset by peer"),
}


def test_a_service_that_listens_elsewhere_is_said_to(lease: Lease, program: Program) -> None:
    """A port that it took from another setting, or another host."""
    service = Service(
        name="web",
        command=program("serve", "127.0.0.1:0"),
        ports={"http": FREE},
        ready=Tcp(endpoint="http"),
        start_seconds=1.5,
    )

    with pytest.raises(NotReady, match=r"connection refused.*, it listens at 127\.0\.0\.1:\d+ instead"):
        start(Stack(name="one", services=(service,)), lease=lease)


def test_each_service_that_is_not_ready_in_time_says_why(lease: Lease, program: Program) -> None:
    """The latest reason stands last; all are named at once, and nothing of any is left."""
    services = tuple(
        Service(name=name, command=program(*words), ports={"http": FREE}, ready=ready, start_seconds=1.5)
        for name, (words, ready, _) in REASONS.items()
    )

    with pytest.raises(NotReady) as caught:
        start(Stack(name="many", services=services), lease=lease)
    told = {waiting.service: dict(waiting.reasons) for waiting in caught.value.waiting}
    expected = {name: reason for name, (_, _, reason) in REASONS.items()}
    # A probe of what ends each connection sees now this, now that end of it.
    assert {
        name: expected[name] if expected[name] in reasons else reasons for name, reasons in told.items()
    } == expected
    assert lease.ask("list") == []


def test_reasons_are_counted_and_the_latest_stands_last(lease: Lease, program: Program) -> None:
    """Also where it was seen before another one."""
    stack = one(program("answer_health", "{http}", "2", "3", "2"), GrpcHealth(endpoint="http"), seconds=0.3)

    with pytest.raises(NotReady) as caught:
        start(stack, lease=lease)
    reasons = dict(caught.value.waiting[0].reasons)
    # On a busy machine the last question of all may still be open.
    answered = [reason for reason in reasons if "not answered" not in reason]
    assert answered[-2:] == ["SERVICE_UNKNOWN", "NOT_SERVING"]
    assert reasons["SERVICE_UNKNOWN"] == 1
    assert reasons["NOT_SERVING"] > 2


def test_a_start_that_takes_too_long_ends_at_its_time(lease: Lease, program: Program) -> None:
    """Not before it, nor when its service is ready."""
    began = time.monotonic()
    with pytest.raises(NotReady):
        start(one(program("serve", "{http}", "--start-seconds", "60"), Notify(), seconds=0.3), lease=lease)

    assert 0.3 <= time.monotonic() - began < AT_ONCE


def test_a_connection_that_hangs_is_given_up_when_the_time_is_up(lease: Lease, program: Program) -> None:
    """That is the reason then, and no socket is left: an unclosed one would be a warning, and so an error here."""
    hangs = program("listen_without_serving", "{http}", "--full")

    with pytest.raises(NotReady, match="connecting"):
        start(one(hangs, Tcp(endpoint="http"), port=REPORTED, seconds=0.3), lease=lease)


# === ended while starting ===


@pytest.mark.parametrize(
    ("code", "said"), [(64, "exited with code 64"), (0, "exited with code 0"), (-11, "was ended by SIGSEGV")]
)
def test_a_service_that_ends_while_starting_is_reported_with_its_end(
    lease: Lease, program: Program, code: int, said: str
) -> None:
    """Its exit code or signal and its last lines, long before the time is up."""
    stack = one(program("exit_at_once", str(code), "first", "bad flag"), Notify())

    with pytest.raises(ServiceExited) as caught:
        start(stack, lease=lease)
    assert caught.value.ending.status == code
    assert caught.value.last_lines == ("first", "bad flag")
    assert str(caught.value) == f"web {said} while it was starting\n  | first\n  | bad flag"


def test_an_end_is_reported_within_50_ms(lease: Lease) -> None:
    """Counted from the program's own last act."""
    script = "import time; print(time.monotonic_ns(), flush=True); import os; os._exit(3)"

    with pytest.raises(ServiceExited) as caught:
        start(one((sys.executable, "-I", "-S", "-c", script), Notify()), lease=lease)
    elapsed = time.monotonic_ns() - int(caught.value.last_lines[0])
    assert elapsed < 50_000_000


def test_a_service_that_was_ready_and_ended_fails_the_start_of_the_others(lease: Lease, program: Program) -> None:
    """Whoever needs it would wait for it in vain."""
    dies = Service(name="dies", command=program("exit_at_once", "7"))
    waits = Service(name="waits", command=program("ignore_sigterm"), ports={"http": FREE}, ready=Tcp(endpoint="http"))

    with pytest.raises(ServiceExited) as caught:
        start(Stack(name="two", services=(dies, waits)), lease=lease)
    assert (caught.value.service, caught.value.ending.status) == ("dies", 7)


def test_a_service_that_ends_while_the_whole_is_awaited_fails_the_start(lease: Lease, program: Program) -> None:
    """The stack's own probe would never hold."""
    service = Service(
        name="web", command=program("serve", "{http}", "--die", "5"), ports={"http": FREE}, ready=Notify()
    )
    stack = Stack(name="whole", services=(service,), ready=(GrpcHealth(endpoint="web.http"),))

    with pytest.raises(ServiceExited) as caught:
        start(stack, lease=lease)
    assert caught.value.ending.status == 5


def test_last_lines_are_those_of_this_start(lease: Lease, program: Program, tmp_path: Path) -> None:
    """A log that is written on must not tell of another process's end."""
    running = start(one(program("serve", "{http}", "--die", "3"), Notify()), lease=lease, log_folder=tmp_path)
    service = running["web"]
    service.spec = Service(name="web", command=(), ready=LogLine(pattern="never"), start_seconds=1.0)

    with pytest.raises(NotReady) as caught:
        service.restart()
    assert len(caught.value.waiting[0].last_lines) == 1
    running.stop()


# === undone ===


def test_a_failed_start_leaves_nothing(lease: Lease, program: Program) -> None:
    """Neither the services that were ready nor their ports nor their names."""
    good = Service(name="good", command=program("serve", "{http}"), ports={"http": FREE}, ready=Notify())
    bad = Service(name="bad", command=program("exit_at_once", "1"), after=("good",), ready=Notify())

    with pytest.raises(StartFailed):
        start(Stack(name="two", services=(good, bad)), lease=lease)

    assert lease.ask("list") == []
    assert processes.tagged(lease.about_keeper["run"]) == []


@pytest.mark.parametrize(
    ("command", "reason"),
    [(("/no/such/program",), "there is no such program"), ((__file__,), "it is not executable")],
)
def test_a_program_that_cannot_be_run_is_named(lease: Lease, command: tuple[str, ...], reason: str) -> None:
    """At once, and what was started before it is gone."""
    with pytest.raises(ProgramNotFound) as caught:
        start(one(command, Notify()), lease=lease)

    assert (caught.value.service, caught.value.program, caught.value.reason) == ("web", command[0], reason)
    assert lease.ask("list") == []


def test_a_program_that_the_kernel_refuses_is_named(lease: Lease, tmp_path: Path) -> None:
    """An executable file that is no program."""
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x7fELF and no more")
    broken.chmod(0o755)

    with pytest.raises(ProgramNotFound, match=r"web: cannot start .*broken: Exec format error"):
        start(one((str(broken),), Notify()), lease=lease)


def test_a_folder_that_is_not_there_is_named(lease: Lease, program: Program, tmp_path: Path) -> None:
    """Not the program, which is there."""
    service = Service(name="web", command=program("ignore_sigterm"), cwd=tmp_path / "gone")

    with pytest.raises(ProgramNotFound, match="gone"):
        start(Stack(name="one", services=(service,)), lease=lease)


def test_an_unknown_service_is_named(lease: Lease, program: Program) -> None:
    """With those that run."""
    with start(one(program("serve", "{http}"), Notify()), lease=lease) as running, pytest.raises(UnknownName):
        running.address("wbe.http")


# === order ===


def test_services_start_after_those_that_they_need(lease: Lease, program: Program) -> None:
    """And all that may start are spawned before any is awaited."""
    told: list[tuple[str, str]] = []
    slow = program("serve", "{http}", "--start-seconds", "0.2")
    first = Service(name="first", command=slow, ports={"http": REPORTED}, ready=Notify())
    second = Service(name="second", command=program("serve", "{http}"), ports={"http": FREE}, ready=Notify())
    third = Service(
        name="third",
        command=program("serve", "{http}", "--quiet"),
        ports={"http": FREE},
        env={"FIRST": "{first.http}"},
        ready=Tcp(endpoint="http"),
    )
    stack = Stack(name="three", services=(third, second, first))

    start(stack, lease=lease, hooks=Hooks(progress=lambda name, what: told.append((name, what)))).stop()

    assert told[:2] == [("second", "spawned"), ("first", "spawned")]
    assert told.index(("third", "spawned")) == told.index(("first", "ready")) + 1


def test_a_start_that_takes_too_long_says_how_each_service_stands(lease: Lease, program: Program) -> None:
    """Those that are ready, those that are not and why, those that wait for them, and the way that led there."""
    quick = Service(name="quick", command=program("serve", "127.0.0.1:0"), ready=Notify())
    never = LogLine(pattern="never")
    stuck = Service(name="stuck", command=program("ignore_sigterm"), ready=never, after=("quick",), start_seconds=0.5)
    after = Service(name="after", command=program("serve", "127.0.0.1:0"), after=("stuck",))

    with pytest.raises(NotReady) as caught:
        start(Stack(name="slow", services=(after, stuck, quick)), lease=lease)
    said = str(caught.value)
    assert re.search(r"^stuck was not ready in 0.5 s \(log line matching 'never'\): no such line has come", said)
    assert re.search(r"^  quick: ready after \d+ ms \(running, pid \d+\)$", said, re.MULTILINE)
    assert re.search(r"^  stuck: not ready after \d+ ms \(running, pid \d+\)$", said, re.MULTILINE)
    assert "\n  after: not started, it waits for stuck\n" in said
    assert re.search(r"^critical path: quick \d+ ms → stuck \d+ ms so far$", said, re.MULTILINE)


def test_a_stack_that_is_up_knows_its_critical_path(lease: Lease, program: Program) -> None:
    """Each leg from a service's spawn until it was ready."""
    first = Service(name="first", command=program("serve", "127.0.0.1:0"), ready=Notify())
    second = Service(name="second", command=program("serve", "127.0.0.1:0"), ready=Notify(), after=("first",))
    with start(Stack(name="two", services=(second, first)), lease=lease) as stack:
        assert [leg.service for leg in stack.critical_path] == ["first", "second"]
        assert all(leg.seconds > 0 for leg in stack.critical_path)


def test_a_running_stack_that_does_not_answer_says_how_its_services_stand(lease: Lease, program: Program) -> None:
    """One that has ended is named with its end."""
    described = replace(one(program("serve", "{http}"), Tcp(endpoint="http")), ready=(Tcp(endpoint="web.http"),))
    with start(described, lease=lease) as stack:
        stack["web"].kill()
        with pytest.raises(NotReady, match=r"\n  web: was ended by SIGKILL"):
            stack.wait_ready(seconds=0.1)
