"""Ports: held ones, fixed ones, and those that a service reports."""

from __future__ import annotations

import os
import socket
import sys
from typing import TYPE_CHECKING

import pytest

from ziggurat import (
    FREE,
    REPORTED,
    Ask,
    KeeperError,
    Lease,
    LogLine,
    Notify,
    NotReady,
    Port,
    PortTaken,
    Service,
    Stack,
    Started,
    Tcp,
    own,
    start,
)
from ziggurat.keeper import processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ziggurat import RunningStack
    from ziggurat.spec import Probe

    Program = Callable[..., tuple[str, ...]]

LOOPBACK = "127.0.0.1"


def web(command: tuple[str, ...], port: Port, ready: Probe | None = None, *, seconds: float = 10.0) -> Stack:
    """Return a stack of one service with one port."""
    service = Service(
        name="web",
        command=command,
        ports={"http": port},
        ready=ready or Notify(),
        start_seconds=seconds,
        stop=(Ask(seconds=0.5),),
    )
    return Stack(name="ports", services=(service,))


def pid_at(stack: RunningStack) -> int:
    """Return the pid that answers at the service's port."""
    host, _, port = stack.address("web.http").rpartition(":")
    with socket.create_connection((host, int(port)), timeout=5) as link:
        return int(link.recv(100))


@pytest.fixture
def taken() -> Iterator[int]:
    """A port at which this process listens."""
    with socket.create_server((LOOPBACK, 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def unused() -> int:
    """A port that nobody uses at the moment."""
    with socket.create_server((LOOPBACK, 0)) as server:
        number: int = server.getsockname()[1]
        return number


# === held ===


def test_a_held_port_is_given_to_nobody_else(lease: Lease) -> None:
    """Neither by ``bind(0)`` nor to an outgoing connection, whatever the options of who asks."""
    held = {lease.ask("hold", host=LOOPBACK, port=0) for _ in range(200)}
    assert len(held) == 200

    given = set()
    with socket.create_server((LOOPBACK, 0), backlog=128) as server:
        for reuse in [(), (socket.SO_REUSEADDR,), (socket.SO_REUSEPORT,)] * 500:
            with socket.socket() as asks:
                for option in reuse:
                    asks.setsockopt(socket.SOL_SOCKET, option, 1)
                asks.bind((LOOPBACK, 0))
                given.add(asks.getsockname()[1])
        for _ in range(100):
            with socket.create_connection(server.getsockname()) as link:
                given.add(link.getsockname()[1])
    assert given & held == set()


def test_nobody_is_met_at_a_held_port(lease: Lease) -> None:
    """A client is refused, so that readiness stays true."""
    port = lease.ask("hold", host=LOOPBACK, port=0)

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((LOOPBACK, port), timeout=1)


def test_a_service_comes_back_on_its_port(lease: Lease, program: Program) -> None:
    """After a kill and after a stop, as another process."""
    with start(web(program("serve", "{http}"), FREE), lease=lease) as stack:
        address, first = stack.address("web.http"), pid_at(stack)
        stack["web"].kill()
        stack["web"].restart()
        second = pid_at(stack)
        stack["web"].restart()

        assert stack.address("web.http") == address
        assert len({first, second, pid_at(stack)}) == 3


@pytest.mark.parametrize(
    "ready",
    [Notify(), Tcp(endpoint="http"), LogLine(pattern=r"^listening"), Started()],
    ids=["notify", "tcp", "log", "none"],
)
def test_a_restart_is_awaited_like_a_start(lease: Lease, program: Program, ready: Probe) -> None:
    """By the same probe, of which nothing that the first process said is believed."""
    with start(web(program("serve", "{http}", "--start-seconds", "0.1"), FREE, ready), lease=lease) as stack:
        stack["web"].restart()

        if not isinstance(ready, Started):
            assert pid_at(stack) == stack["web"].pid


def test_a_held_port_is_not_changed_by_what_is_told(lease: Lease, program: Program) -> None:
    """A service that binds another port than its own is not ready, for others were told the held one."""
    stack = web(program("serve", f"{LOOPBACK}:0"), FREE, Tcp(endpoint="http"), seconds=0.3)

    with pytest.raises(NotReady, match="connection refused"):
        start(stack, lease=lease)


def test_a_held_port_is_given_back(lease: Lease, program: Program) -> None:
    """When its stack is stopped, anybody may have it."""
    stack = start(web(program("serve", "{http}"), FREE), lease=lease)
    port = int(stack.address("web.http").rpartition(":")[2])
    stack.stop()

    with socket.socket() as strict:
        strict.bind((LOOPBACK, port))


def test_ipv6_ports_are_held_too(lease: Lease, program: Program) -> None:
    """In brackets, as addresses are written."""
    port = Port(host="::1")
    with start(web(program("serve", "{http}"), port, Tcp(endpoint="http")), lease=lease) as stack:
        assert stack.address("web.http").startswith("[::1]:")


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
def test_a_host_that_is_not_here_is_no_taken_port(lease: Lease, program: Program, host: str) -> None:
    """The reason is told as it is."""
    with pytest.raises(KeeperError, match="cannot bind") as caught:
        start(web(program("serve", "{http}"), Port(host=host)), lease=lease)
    assert host in str(caught.value)


# === fixed ===


def test_a_fixed_port_in_use_names_its_owner(lease: Lease, program: Program, taken: int) -> None:
    """Port, pid and command, in far less than the 2 s that a person would wait."""
    with pytest.raises(PortTaken) as caught:
        start(web(program("serve", "{http}"), Port(number=taken)), lease=lease)

    assert (caught.value.host, caught.value.port, caught.value.pid) == (LOOPBACK, taken, os.getpid())
    assert caught.value.command == processes.command(os.getpid()) != ""
    assert str(taken) in str(caught.value)


@pytest.mark.parametrize(
    ("host", "family", "wanted"),
    [
        ("0.0.0.0", socket.AF_INET, LOOPBACK),  # noqa: S104 - a wildcard is what is tried
        ("::", socket.AF_INET6, LOOPBACK),
        ("::ffff:127.0.0.1", socket.AF_INET6, LOOPBACK),
        ("127.0.0.1", socket.AF_INET, "0.0.0.0"),  # noqa: S104
        ("::1", socket.AF_INET6, "::"),
    ],
)
def test_a_listener_that_overlaps_counts_as_an_owner(
    lease: Lease, host: str, family: socket.AddressFamily, wanted: str
) -> None:
    """Also one that shares its port with whoever asks, as grpcio's servers do."""
    with socket.socket(family) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        server.bind((host, 0))
        server.listen()
        with pytest.raises(PortTaken) as caught:
            lease.ask("hold", host=wanted, port=server.getsockname()[1])

    assert caught.value.pid == os.getpid()


def test_a_fixed_port_is_free_again_when_its_owner_is_gone(lease: Lease, program: Program) -> None:
    """A refusal keeps nothing."""
    with socket.create_server((LOOPBACK, 0)) as server:
        number = server.getsockname()[1]
        for _ in range(2):
            with pytest.raises(PortTaken) as caught:
                start(web(program("serve", "{http}"), Port(number=number)), lease=lease)
            assert caught.value.pid == os.getpid()

    with start(web(program("serve", "{http}"), Port(number=number)), lease=lease) as stack:
        assert pid_at(stack) == stack["web"].pid


def test_a_second_run_on_a_fixed_port_is_refused(lease: Lease, program: Program, unused: int) -> None:
    """Even before the first one's service listens: the port is its own, and its keeper is named."""
    with start(web(program("ignore_sigterm"), Port(number=unused)), lease=lease), own() as other:
        with pytest.raises(PortTaken) as caught:
            start(web(program("serve", "{http}"), Port(number=unused)), lease=other)
        other.end()

    assert caught.value.pid == lease.about_keeper["pid"]


def test_a_fixed_port_that_was_given_back_can_be_had(lease: Lease, program: Program, unused: int) -> None:
    """By the same run or another."""
    for _ in range(3):
        start(web(program("serve", "{http}"), Port(number=unused)), lease=lease).stop()


# === reported ===


@pytest.mark.parametrize(
    ("words", "ready"),
    [
        ((), Notify()),
        ((), Tcp(endpoint="http")),
        ((), LogLine(pattern=r"^listening on port (?P<http>\d+)$")),
        (("--quiet",), Tcp(endpoint="http")),
        (("--quiet",), Started()),
        (("--quiet", "--start-seconds", "0.2"), Started()),
    ],
    ids=["notify", "notify then tcp", "log line", "seen then tcp", "seen", "seen late"],
)
def test_a_reported_port_is_known_when_the_service_is_ready(
    lease: Lease, program: Program, words: tuple[str, ...], ready: Probe
) -> None:
    """By what the service said, or else by where it is seen to listen."""
    with start(web(program("serve", "{http}", *words), REPORTED, ready), lease=lease) as stack:
        assert pid_at(stack) == stack["web"].pid


def test_a_reported_port_is_filled_into_who_needs_it(lease: Lease, program: Program) -> None:
    """Who names it waits until it is known."""
    server = Service(name="web", command=program("serve", "{http}"), ports={"http": REPORTED}, ready=Notify())
    asks = Service(name="asks", command=(sys.executable, "-c", "print('told {web.http.port}')"), ready=Started())
    stack = start(Stack(name="two", services=(asks, server)), lease=lease)

    told = stack["asks"].log.wait_for(r"^told (\d+)$")[1]
    assert stack.address("web.http") == f"{LOOPBACK}:{told}"
    stack.stop()


def test_a_reported_port_is_asked_for_anew_after_a_restart(lease: Lease, program: Program) -> None:
    """The old one may be anybody's by now."""
    with start(web(program("serve", "{http}", "--quiet"), REPORTED, Tcp(endpoint="http")), lease=lease) as stack:
        stack["web"].restart()

        assert pid_at(stack) == stack["web"].pid


def test_which_of_two_ports_is_which_is_never_guessed(lease: Lease) -> None:
    """A service that tells neither is not ready."""
    script = (
        "import socket, signal; a, b = socket.create_server(('', 0)), socket.create_server(('', 0)); signal.pause()"
    )
    service = Service(
        name="web",
        command=(sys.executable, "-c", script),
        ports={"one": REPORTED, "two": REPORTED},
        start_seconds=0.4,
    )

    with pytest.raises(NotReady, match="the port of one is not known"):
        start(Stack(name="two", services=(service,)), lease=lease)
