"""Is it ready, and if not, why: each probe is a generator that says what it waits for.

A probe yields ``Retry`` (look again in a moment), ``Told`` (go on when the keeper tells something of the service) or
``Socket`` (go on when the socket is readable or writable), each with the reason why it is not ready yet; it returns
when it is. It owns no clock and never blocks, so that one loop can wait for many.
"""

from __future__ import annotations

import errno
import os
import re
import socket
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ziggurat.grpc_health import HealthCheck
from ziggurat.http_check import HttpCheck, is_success
from ziggurat.spec import Endpoint, GrpcHealth, Http, LogLine, Notify, Probe, Started, Tcp

if TYPE_CHECKING:
    from ziggurat.log import ServiceLog


@dataclass(frozen=True, slots=True)
class Retry:
    """Look again in a moment."""

    reason: str


@dataclass(frozen=True, slots=True)
class Told:
    """Go on when the keeper tells something of the service."""

    reason: str


@dataclass(frozen=True, slots=True)
class Socket:
    """Go on when the socket can be read, or written."""

    socket: socket.socket
    reason: str
    writable: bool = False


Need = Retry | Told | Socket
Steps = Generator[Need, None, None]


class Sight(Protocol):
    """What a probe can see of the service, or of the whole stack, that it looks at."""

    key: str
    """The service's name at the keeper; empty for a whole stack."""
    spawned_pid: int
    """The main process of the latest start."""
    log: ServiceLog
    log_start: int
    """Where the log stood when the service was spawned."""
    told: dict[str, str]
    """What it said on its notify socket."""

    def endpoint(self, name: str) -> Endpoint | None:
        """Return an endpoint, or None while it is not known."""

    def hear(self, told: dict[str, str]) -> None:
        """Take note of what it said on its notify socket."""

    def report_port(self, name: str, number: int) -> None:
        """Take note of a port that the log told."""

    def look_for_ports(self) -> list[str]:
        """Look where it listens, and return the endpoints whose port is still not known."""


def steps(probe: Probe, sight: Sight) -> Steps:
    """Take the steps of a probe on what it looks at, and then go on until each of its ports is known."""
    yield from _own_steps(probe, sight)
    while unknown := sight.look_for_ports():
        yield Retry(_unknown(unknown[0]))


def _own_steps(probe: Probe, sight: Sight) -> Steps:
    match probe:
        case Started():
            return _started()
        case Notify():
            return _notified(sight)
        case Tcp(endpoint=name):
            return _connected(name, sight)
        case GrpcHealth(endpoint=name, service=service):
            return _serving(name, service, sight)
        case Http(endpoint=name, path=path):
            return _answered(name, path, sight)
        case LogLine(pattern=pattern):
            return _logged(re.compile(pattern), sight)


def describe(probe: Probe) -> str:
    """Return a probe in a few words, for people."""
    match probe:
        case Started():
            return "running"
        case Notify():
            return "READY=1 on its notify socket"
        case Tcp(endpoint=name):
            return f"TCP connection to {name}"
        case GrpcHealth(endpoint=name, service=service):
            return f"gRPC health of {service or 'the server'} at {name}"
        case Http(endpoint=name, path=path):
            return f"HTTP success for {path} at {name}"
        case LogLine(pattern=pattern):
            return f"log line matching {pattern!r}"


def _started() -> Steps:
    yield from ()


def _notified(sight: Sight) -> Steps:
    while sight.told.get("READY") != "1":
        status = sight.told.get("STATUS")
        yield Told(f"it says: {status}" if status else "READY=1 has not come")


def _logged(pattern: re.Pattern[str], sight: Sight) -> Steps:
    while True:
        for line in sight.log.whole_lines(sight.log_start):
            match = pattern.search(line)
            if match:
                _report_ports(match.groupdict(), sight)
                return
        yield Told("no such line has come")


def _report_ports(groups: dict[str, str | None], sight: Sight) -> None:
    for name, number in groups.items():
        if number and number.isascii() and number.isdecimal():
            sight.report_port(name, int(number))


def _connected(name: str, sight: Sight) -> Steps:
    while True:
        link = yield from _connect(name, sight)
        if link is not None:
            link.close()
            return


def _serving(name: str, service: str, sight: Sight) -> Steps:
    while True:
        link = yield from _connect(name, sight)
        if link is None:
            continue
        with link:
            check = HealthCheck(service, str(sight.endpoint(name)))
            if (yield from _ask_until_serving(link, check)):
                return


def _ask_until_serving(link: socket.socket, check: HealthCheck) -> Generator[Need, None, bool]:
    """Ask on one connection until it tells SERVING (true) or is over (false); what ends is asked again."""
    while True:
        check.ask()
        status = "connected, but the health check is not answered"
        while not check.is_answered:
            try:
                link.sendall(check.to_send())
                yield Socket(link, status)
                data = link.recv(65536)
            except OSError as error:
                yield Retry(f"connection lost: {_reason(error)}")
                return False
            if not data:
                yield Retry("connection closed before the health check was answered")
                return False
            status = check.receive(data) or status
            if status == "SERVING":
                return True
        yield Retry(status)
        if check.is_over:
            return False


def _answered(name: str, path: str, sight: Sight) -> Steps:
    while True:
        link = yield from _connect(name, sight)
        if link is None:
            continue
        with link:
            status = yield from _ask_once(link, HttpCheck(path, str(sight.endpoint(name))))
        if is_success(status):
            return
        yield Retry(status)


def _ask_once(link: socket.socket, check: HttpCheck) -> Generator[Need, None, str]:
    """Ask on a connection and return the status, or why there is none."""
    status = None
    while status is None:
        try:
            link.sendall(check.to_send())
            yield Socket(link, "connected, but the request is not answered")
            data = link.recv(65536)
        except OSError as error:
            return f"connection lost: {_reason(error)}"
        if not data:
            return "connection closed before the request was answered"
        status = check.receive(data)
    return status


def _connect(name: str, sight: Sight) -> Generator[Need, None, socket.socket | None]:
    """Try once to connect; return the socket, or None after a reason was yielded."""
    endpoint = sight.endpoint(name)
    if endpoint is None:
        sight.look_for_ports()
        yield Retry(_unknown(name))
        return None
    family = socket.AF_INET6 if ":" in endpoint.host else socket.AF_INET
    link = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        problem = yield from _problem_of(link, endpoint)
    except BaseException:
        link.close()
        raise
    if not problem:
        return link
    link.close()
    yield Retry(problem)
    return None


def _problem_of(link: socket.socket, endpoint: Endpoint) -> Generator[Need, None, str]:
    """Connect a socket; return why it could not be, or an empty string."""
    try:
        code = link.connect_ex((endpoint.host, endpoint.port))
        if code == errno.EINPROGRESS:
            yield Socket(link, "connecting", writable=True)
            code = link.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            return _reason(OSError(code, os.strerror(code)))
        # A poll on a port that nobody holds can connect to itself.
        return "connected to itself: nobody listens" if link.getsockname() == link.getpeername() else ""
    except OSError as error:
        # It was accepted and reset before it could be looked at.
        return _reason(error)


def _unknown(name: str) -> str:
    return f"the port of {name} is not known yet"


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
