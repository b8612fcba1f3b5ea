"""prism-admin before scripted proxies and launchers: heartbeats, many namespaces, and a move of thousands."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import cycle
from typing import TYPE_CHECKING

from bench.crowd import CALL_SECONDS, Crowd, Taken, crowd
from bench.failure import MeasurementFailed
from bench.row import MILLISECONDS, PER_SECOND, Goal, Row, alone, ratio
from bench.sample import Sample, alternately
from prism.admin.admin_pb2 import (
    DeleteNamespaceRequest,
    GetNamespaceRequest,
    ListNamespacesRequest,
    ListProxiesRequest,
)
from prism.control_plane_pb2 import CreateNamespaceRequest

if TYPE_CHECKING:
    from bench.effort import Effort

FEW, MANY = 100, 10_000
ASKED_PER_SECOND, PEERS = 1000, 64
WINDOW_SECONDS = 3.0
TICK_SECONDS = 0.005
LAST_SECONDS = 5.0
"""For the answers to the heartbeats of a window, after its end."""
REPORT_SECONDS = 1.0
BEATS, TURNS, MOVES = 5, 20, 3
CALLS = 10
"""In one turn."""
TAKEN_GOAL, SLOWER_GOAL = 1.02, 2.0


def measure(effort: Effort) -> Iterator[Row]:
    """Beat, compare many namespaces with few, and move half of many."""
    yield from heartbeats(effort.rounds(BEATS))
    yield from many_beside_few(effort.rounds(TURNS))
    waits = Sample.of(longest_wait() for _ in range(effort.rounds(MOVES)))
    yield alone(f"longest answer while {MANY // 2} namespaces move to a new proxy", waits, unit=MILLISECONDS)


# === heartbeats ===


def heartbeats(rounds: int) -> Iterator[Row]:
    """Yield how many heartbeats a second are taken of those that are sent, and what a call takes meanwhile."""
    with crowd(FEW, PEERS) as peers:
        idle, busy, taken = [], [], []
        for _ in range(rounds):
            idle.append(mean(CALLS, get, peers))
            with counting_calls(peers) as calls:
                taken.append(beat(peers))
            busy.append(calls())
    what = f"heartbeats of {2 * PEERS} peers, sent → taken, while calls are answered"
    asked = Sample.of([ASKED_PER_SECOND] * rounds)
    rate = Sample.of(taken)
    yield Row(
        what=what,
        unit=PER_SECOND,
        ours=rate,
        base=asked,
        figure=asked.median / rate.median,
        figures=asked.over(rate),
        goal=Goal(at_most=TAKEN_GOAL),
    )
    yield ratio(f"GetNamespace during {ASKED_PER_SECOND} heartbeats/s, over none", Sample.of(busy), Sample.of(idle))


def beat(peers: Crowd) -> float:
    """Send heartbeats at an even pace for a while; return how many a second were taken within it."""
    sending = cycle(peers.beats)
    began = time.perf_counter()
    under_way: list[Taken] = []
    while (elapsed := time.perf_counter() - began) < WINDOW_SECONDS:
        due = int(elapsed * ASKED_PER_SECOND) - len(under_way)
        under_way += [next(sending)() for _ in range(due)]
        time.sleep(TICK_SECONDS)
    taken = sum(each.done() for each in under_way)
    refused = sum(not each.result(timeout=LAST_SECONDS).success for each in under_way)
    if refused:
        raise MeasurementFailed(f"{refused} of {len(under_way)} heartbeats were refused")
    return taken / elapsed


@contextmanager
def counting_calls(peers: Crowd) -> Iterator[Callable[[], float]]:
    """Make calls one after the other until the end of the block; what is given returns the mean seconds of one."""
    ended = threading.Event()
    took: list[float] = []

    def call() -> None:
        while not ended.is_set():
            took.append(mean(1, get, peers))

    caller = threading.Thread(target=call)
    caller.start()
    try:
        yield lambda: sum(took) / len(took)
    finally:
        ended.set()
        caller.join()


# === many namespaces ===


def many_beside_few(rounds: int) -> Iterator[Row]:
    """Compare each answer of an admin that holds many namespaces with that of one that holds few."""
    with crowd(MANY, 1) as many, crowd(FEW, 1) as few, reporting(many), reporting(few):
        for name, call in CALLS_BY_NAME.items():
            ours, base = alternately(rounds, partial(mean, CALLS, call, many), partial(mean, CALLS, call, few))
            what = f"{name} with {MANY} namespaces, over {FEW}"
            yield ratio(what, ours, base, goal=Goal(at_most=SLOWER_GOAL))


@contextmanager
def reporting(peers: Crowd) -> Iterator[None]:
    """Let every peer say once a second what it holds, as peers do."""
    ended = threading.Event()

    def report() -> None:
        while not ended.wait(REPORT_SECONDS):
            for begin in peers.beats:
                begin().result(timeout=CALL_SECONDS)

    reporter = threading.Thread(target=report)
    reporter.start()
    try:
        yield
    finally:
        ended.set()
        reporter.join()


def get(peers: Crowd) -> None:
    """Read one namespace."""
    peers.people.GetNamespace(GetNamespaceRequest(namespace=peers.some), timeout=CALL_SECONDS)


def list_page(peers: Crowd) -> None:
    """Read a page of namespaces, from the middle."""
    request = ListNamespacesRequest(page_size=50, page_token=peers.some)
    peers.people.ListNamespaces(request, timeout=CALL_SECONDS)


def list_proxies(peers: Crowd) -> None:
    """Read the proxies."""
    peers.people.ListProxies(ListProxiesRequest(), timeout=CALL_SECONDS)


def create_and_delete(peers: Crowd) -> None:
    """Create a namespace and delete it again, each until proxy and launcher have said yes."""
    peers.control.CreateNamespace(CreateNamespaceRequest(namespace="bench"), timeout=CALL_SECONDS)
    peers.people.DeleteNamespace(DeleteNamespaceRequest(namespace="bench"), timeout=CALL_SECONDS)


CALLS_BY_NAME: dict[str, Callable[[Crowd], None]] = {
    "GetNamespace": get,
    "ListNamespaces, a page of 50": list_page,
    "ListProxies": list_proxies,
    "CreateNamespace and DeleteNamespace": create_and_delete,
}


# === a move ===


def longest_wait() -> float:
    """Return the seconds of the slowest of many reads while a second proxy takes half of all namespaces."""
    with crowd(MANY, 1) as peers:
        joining = threading.Thread(target=peers.join_proxy, args=("p999",))
        joining.start()
        longest = 0.0
        while joining.is_alive():
            longest = max(longest, mean(1, get, peers))
        joining.join()
    return longest


def mean(calls: int, call: Callable[[Crowd], None], peers: Crowd) -> float:
    """Return the mean seconds of a call."""
    began = time.perf_counter()
    for _ in range(calls):
        call(peers)
    return (time.perf_counter() - began) / calls
