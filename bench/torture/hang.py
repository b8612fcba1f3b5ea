"""No silent hang: whatever stands still is waited for as long as was said and 5 s more, and then it is said why."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.torture import hang_of_tests
from bench.torture.finding import Finding
from bench.torture.life import program
from bench.torture.scene import at_home_in, scene
from ziggurat import FREE, Ask, Http, Notify, NotReady, Service, Stack, own, start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.torture.campaign import Campaign
    from ziggurat import Lease

PROMISE = "no silent hang"
WHOLE, SHORT = 20, 3
WHOLE_OF_TESTS, SHORT_OF_TESTS = 5, 1
LATER = 5.0
WAITED = 2.0
GRACE = 0.3
PATIENCE = 30.0
"""For what does not hang, and is not timed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hang:
    """One way to stand still: it is brought about and waited for, and what is said of it in the end is returned."""

    what: str
    seconds: float
    """What is waited for."""
    meet: Callable[[Lease], tuple[float, str]]
    named: str


def attempt(campaign: Campaign) -> Iterator[Finding]:
    """Meet each, some times."""
    times = campaign.amount(WHOLE, SHORT)
    with scene() as place, at_home_in(place), own() as lease:
        for hang in HANGS:
            yield met(hang, lease, times)
        lease.end()
    for test in hang_of_tests.HANGING:
        yield hang_of_tests.met(test, campaign.amount(WHOLE_OF_TESTS, SHORT_OF_TESTS))


def met(hang: Hang, lease: Lease, times: int) -> Finding:
    """Meet one again and again."""
    slowest, broken = 0.0, []
    for _ in range(times):
        elapsed, said = hang.meet(lease)
        slowest = max(slowest, elapsed)
        if elapsed > hang.seconds + LATER or hang.named not in said:
            broken.append(f"after {elapsed:.1f} s it said: {said}")
    return Finding(
        trial=hang.what,
        tried=f"{times} times",
        measured=f"{times - len(broken)} named {hang.named!r}, at most {slowest:.1f} s",
        goal=f"{times}, ≤ {hang.seconds:g} + {LATER:g} s",
        broken=tuple(broken),
    )


def never_serves(lease: Lease) -> tuple[float, str]:
    """Start what is deadlocked from the beginning."""
    return said_by(lambda: start(stack("listen_without_serving", ready=Http(endpoint="http")), lease=lease).stop())


def deadlocks(lease: Lease) -> tuple[float, str]:
    """Ask a stack whether it is ready after its service has deadlocked."""
    with start(stack("deadlock", ready=Notify(), seconds=PATIENCE, whole=True), lease=lease) as running:
        return said_by(lambda: running.wait_ready(WAITED))


def stands_still(lease: Lease) -> tuple[float, str]:
    """Ask a stack whether it is ready while its service is paused."""
    honest = stack("serve_http", "200", ready=Http(endpoint="http"), seconds=PATIENCE, whole=True)
    with start(honest, lease=lease) as running:
        running["web"].pause()
        return said_by(lambda: running.wait_ready(WAITED))


def will_not_stop(lease: Lease) -> tuple[float, str]:
    """Stop what ignores being asked."""
    with start(stubborn(), lease=lease) as running:
        return said_by(running["web"].terminate)


def will_not_stop_while_it_stands_still(lease: Lease) -> tuple[float, str]:
    """Stop what ignores being asked and is paused."""
    with start(stubborn(), lease=lease) as running:
        running["web"].pause()
        return said_by(running["web"].terminate)


def said_by(wait: Callable[[], object]) -> tuple[float, str]:
    """Return how long a wait took, and what was said in its end."""
    began = time.monotonic()
    try:
        said = str(wait())
    except NotReady as error:
        said = str(error)
    return time.monotonic() - began, said


def stubborn() -> Stack:
    """Return a stack whose service ignores being asked to end."""
    return stack("ignore_sigterm", ready=Notify(), seconds=PATIENCE)


def stack(name: str, *words: str, ready: Http | Notify, seconds: float = WAITED, whole: bool = False) -> Stack:
    """Return a stack of one of the programs, which may need so long to start; the whole may be asked again later."""
    service = Service(
        name="web",
        command=program(name, "{http}", *words),
        ports={"http": FREE},
        ready=ready,
        start_seconds=seconds,
        stop=(Ask(seconds=GRACE),),
    )
    return Stack(name="hang", services=(service,), ready=(Http(endpoint="web.http"),) if whole else ())


HANGS = (
    Hang(what="a service that never serves", seconds=WAITED, meet=never_serves, named="request is not answered"),
    Hang(what="a deadlocked service", seconds=WAITED, meet=deadlocks, named="request is not answered"),
    Hang(what="a stopped service", seconds=WAITED, meet=stands_still, named="request is not answered"),
    Hang(what="a stuck teardown", seconds=GRACE, meet=will_not_stop, named="was ended by SIGKILL"),
    Hang(
        what="a stuck teardown that is stopped",
        seconds=GRACE,
        meet=will_not_stop_while_it_stands_still,
        named="was ended by SIGKILL",
    ),
)
