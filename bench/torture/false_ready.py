"""No false ready: programs that are nearly ready are not called so, and each is named for what it is."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.torture.finding import Finding
from bench.torture.life import program
from bench.torture.scene import at_home_in, scene
from ziggurat import (
    FREE,
    GrpcHealth,
    Http,
    LogLine,
    Notify,
    NotReady,
    Service,
    ServiceExited,
    Stack,
    StartFailed,
    Tcp,
    own,
    start,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.torture.campaign import Campaign
    from ziggurat import Lease, Probe

PROMISE = "no false ready"
WHOLE, SHORT = 20, 3
"""Times for each program."""
START_SECONDS = (0.5, 2.0, 8.0)
CALLED_READY = "it was called ready"
LATER = 5.0
"""Seconds past its time in which a start has ended: it has everything killed and waits for that."""
RECOVERED_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pretender:
    """A program that is not ready, what asks it, and the words in which it must be named."""

    what: str
    words: tuple[str, ...]
    probe: Probe
    error: type[StartFailed]
    named: str


HTTP = "{http}"
PRETENDERS = (
    Pretender(
        what="listens and never accepts",
        words=("listen_without_serving", HTTP),
        probe=GrpcHealth(endpoint="http"),
        error=NotReady,
        named="connected, but the health check is not answered",
    ),
    Pretender(
        what="listens with a full queue",
        words=("listen_without_serving", HTTP, "--full"),
        probe=Tcp(endpoint="http"),
        error=NotReady,
        named="connecting",
    ),
    Pretender(
        what="accepts and resets",
        words=("accept_and_close", HTTP),
        probe=GrpcHealth(endpoint="http"),
        error=NotReady,
        named="connection lost: connection reset by peer",
    ),
    Pretender(
        what="serves something else",
        words=("speak_http1", HTTP),
        probe=GrpcHealth(endpoint="http"),
        error=NotReady,
        named="it does not speak HTTP/2",
    ),
    Pretender(
        what="serves, then dies",
        words=("serve", HTTP, "--quiet", "--die", "3"),
        probe=Http(endpoint="http"),
        error=ServiceExited,
        named="exited with code 3",
    ),
    Pretender(
        what="ends at once",
        words=("exit_at_once", "7", "no configuration"),
        probe=Notify(),
        error=ServiceExited,
        named="no configuration",
    ),
    Pretender(
        what="answers NOT_SERVING",
        words=("answer_health", HTTP, "2"),
        probe=GrpcHealth(endpoint="http"),
        error=NotReady,
        named="NOT_SERVING",
    ),
    Pretender(
        what="is answered 503",
        words=("serve_http", HTTP, "503"),
        probe=Http(endpoint="http"),
        error=NotReady,
        named="503",
    ),
    Pretender(
        what="binds another port",
        words=("serve", "127.0.0.1:0"),
        probe=Tcp(endpoint="http"),
        error=NotReady,
        named="it listens at 127.0.0.1:",
    ),
    Pretender(
        what="has its child say READY",
        words=("notify_from_child",),
        probe=Notify(),
        error=NotReady,
        named="READY=1 has not come",
    ),
    Pretender(
        what="logs half of the line",
        words=("write_in_parts",),
        probe=LogLine(pattern="serving on port 12345 and more"),
        error=NotReady,
        named="no such line has come",
    ),
)
HONEST: tuple[tuple[tuple[str, ...], Probe], ...] = (
    (("serve", HTTP), Notify()),
    (("serve", HTTP), Tcp(endpoint="http")),
    (("serve", HTTP), LogLine(pattern="^listening on port")),
    (("serve_http", HTTP, "200"), Http(endpoint="http")),
    (("answer_health", HTTP, "2", "1"), GrpcHealth(endpoint="http")),
)
"""The same probes on programs that become ready: a test that never passes would see as much."""


def attempt(campaign: Campaign) -> Iterator[Finding]:
    """Start each, some times, and hear what is said of it."""
    times = campaign.amount(WHOLE, SHORT)
    with scene() as place, at_home_in(place), own() as lease:
        for pretender in PRETENDERS:
            yield tried(pretender, lease, times)
        yield honest(lease, times)
        lease.end()


def tried(pretender: Pretender, lease: Lease, times: int) -> Finding:
    """Start one pretender again and again."""
    seen = [outcome(pretender, lease) for _ in range(times)]
    wrong = [words for words in seen if words]
    return Finding(
        trial=pretender.what,
        tried=f"{times} starts",
        measured=f"{times - len(wrong)} named {pretender.named!r}",
        goal=f"{times}",
        broken=tuple(wrong),
    )


def outcome(pretender: Pretender, lease: Lease) -> str:
    """Start a pretender; return what was wrong with what was said, or an empty string.

    On a busy machine a program may not have come to be what it is in the first time that it is given, or the second.
    """
    wrong = ""
    for seconds in START_SECONDS:
        wrong = said_of(pretender, lease, seconds)
        if not wrong or CALLED_READY in wrong:
            return wrong
    return wrong


def said_of(pretender: Pretender, lease: Lease, seconds: float) -> str:
    """Give a pretender so much time; return what was wrong with what was said, or an empty string."""
    began = time.monotonic()
    try:
        start(one(pretender.words, pretender.probe, seconds), lease=lease).stop()
    except StartFailed as error:
        elapsed = time.monotonic() - began
        if elapsed > seconds + LATER:
            return f"it took {elapsed:.1f} s to say so"
        if isinstance(error, pretender.error) and pretender.named in str(error):
            return ""
        return f"said of it: {type(error).__name__}: {error}"
    return CALLED_READY


def honest(lease: Lease, times: int) -> Finding:
    """Start what does become ready."""
    late = []
    for words, probe in HONEST * times:
        try:
            start(one(words, probe, RECOVERED_SECONDS), lease=lease).stop()
        except StartFailed as error:
            late.append(str(error))
    return Finding(
        trial="and those that are ready",
        tried=f"{times * len(HONEST)} starts",
        measured=f"{len(late)} false alarms",
        goal="0",
        broken=tuple(late),
    )


def one(words: tuple[str, ...], probe: Probe, seconds: float) -> Stack:
    """Return a stack of one of the programs."""
    service = Service(
        name="web", command=program(*words), ports={"http": FREE}, ready=probe, start_seconds=seconds, stop=()
    )
    return Stack(name="ready", services=(service,))
