"""Links between services: what each fault does to connections, exactly, and that it does something."""

from __future__ import annotations

import errno
import os
import socket
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ziggurat import (
    FREE,
    OUTSIDE,
    FaultNotEffective,
    Lease,
    Link,
    Notify,
    Service,
    SpecError,
    Stack,
    UnknownName,
    Way,
    WorldError,
    own,
    start,
    wait_until,
)
from ziggurat.relayed import RELAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ziggurat import RunningLink, RunningStack

    Program = Callable[..., tuple[str, ...]]

PATIENCE = 10.0
SOON = 0.2
"""Seconds in which an answer that nothing holds back has come many times over."""


@pytest.fixture
def running(lease: Lease, program: Program) -> Iterator[RunningStack]:
    """A web service before a store, both of which send back what they are sent; links to both."""
    store = Service(name="store", command=program("echo", "{data}"), ports={"data": FREE}, ready=Notify(), stop=())
    web = Service(
        name="web", command=program("echo", "{http}", "{store.data}"), ports={"http": FREE}, ready=Notify(), stop=()
    )
    links = (Link(OUTSIDE, "store.data"), Link("web", "store.data"))
    with start(Stack(name="shop", services=(web, store), links=links), lease=lease) as stack:
        yield stack


@pytest.fixture
def link(running: RunningStack) -> RunningLink:
    """The link of this test to the store."""
    return running.link(OUTSIDE, "store.data")


@contextmanager
def connected(address: str) -> Iterator[socket.socket]:
    """Connect to an address."""
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as end:
        yield end


def echoed(end: socket.socket, words: bytes = b"hello") -> float:
    """Send words, await them back, and return the seconds that it took."""
    began = time.monotonic()
    end.sendall(words)
    received = b""
    while len(received) < len(words):
        received += end.recv(1 << 16)
    assert received == words
    return time.monotonic() - began


def ask(address: str, words: bytes = b"hello") -> float:
    """Send words over a connection of their own and return the seconds that it took to have them back."""
    began = time.monotonic()
    with connected(address) as end:
        echoed(end, words)
    return time.monotonic() - began


def is_silent(end: socket.socket) -> bool:
    """Say whether nothing comes for a moment in which it would have come many times over."""
    end.settimeout(SOON)
    try:
        return not end.recv(1, socket.MSG_PEEK) and False
    except TimeoutError:
        return True
    finally:
        end.settimeout(PATIENCE)


def test_only_a_declared_source_goes_through_the_relay(running: RunningStack, link: RunningLink) -> None:
    """Everybody else connects as without it."""
    ask(running.address("store.data"))
    assert link.traffic()["accepted"] == 0

    ask(link.address)
    ask(running.address("web.http"))
    assert link.traffic()["accepted"] == 1
    assert running.link("web", "store.data").traffic()["passed_there"] == len("hello")


def test_a_stack_without_links_has_no_relay(lease: Lease, program: Program) -> None:
    """And no link to ask for."""
    store = Service(name="store", command=program("echo", "{data}"), ports={"data": FREE}, ready=Notify(), stop=())
    with start(Stack(name="shop", services=(store,)), lease=lease) as stack:
        assert RELAY not in stack.services
        with pytest.raises(UnknownName, match=r"there is no link of shop 'web → store.data'; there is none"):
            stack.link("web", "store.data")


def test_much_crosses_whole_and_in_order(link: RunningLink) -> None:
    """More than sockets and relay hold together."""
    words = os.urandom(1 << 20) * 8
    with connected(link.address) as end:
        end.setblocking(False)
        received, unsent = bytearray(), memoryview(words)
        deadline = time.monotonic() + 3 * PATIENCE
        while len(received) < len(words) and time.monotonic() < deadline:
            with suppress(BlockingIOError):
                unsent = unsent[end.send(unsent[: 1 << 18]) :] if unsent else unsent
            with suppress(BlockingIOError):
                received += end.recv(1 << 18)

    assert bytes(received) == words


# === slow, throttled ===


def test_a_slow_link_delays_each_way(link: RunningLink) -> None:
    """Also on connections that were there before."""
    with connected(link.address) as end:
        echoed(end)
        with link.slow(0.1):
            assert echoed(end) >= 0.2
        with link.slow(0.1, ways=[Way.BACK]):
            assert echoed(end) >= 0.1


def test_what_a_slow_link_holds_arrives_when_it_ends(link: RunningLink) -> None:
    """An hour's latency is no hour's wait."""
    with connected(link.address) as end:
        with link.slow(3600):
            end.sendall(b"hello")
            assert is_silent(end)
        assert end.recv(100) == b"hello"


def test_jitter_can_be_had_again(link: RunningLink) -> None:
    """By its seed; the order of what crosses stays."""
    with connected(link.address) as end, link.slow(0.02, jitter=0.02, seed=7):
        for number in range(20):
            echoed(end, b"%d" % number)


def test_a_throttled_link_passes_so_many_bytes_a_second(link: RunningLink) -> None:
    """Two faults of a link hold both."""
    with connected(link.address) as end:
        with link.throttle(10_000, ways=[Way.THERE]):
            assert echoed(end, b"x" * 2000) >= 0.19
            with link.slow(0.1, ways=[Way.BACK]):
                assert echoed(end, b"x" * 2000) >= 0.29
        echoed(end, b"x" * 2000)


@pytest.mark.parametrize("fault", [lambda link: link.slow(0.01), lambda link: link.throttle(1000)])
def test_a_delay_of_nothing_is_no_effect(link: RunningLink, fault: Callable[[RunningLink], Iterator[None]]) -> None:
    """A test that slows a link that nothing crosses tests nothing."""
    with pytest.raises(FaultNotEffective, match="nothing crossed it meanwhile"), fault(link):  # type: ignore[attr-defined]
        pass


def test_an_idle_link_may_be_slow_where_that_is_said(link: RunningLink) -> None:
    """For a test in which it is open whether anything crosses."""
    with link.slow(0.01, may_idle=True), link.throttle(1000, may_idle=True):
        pass


def test_a_rate_of_nothing_is_refused(link: RunningLink) -> None:
    """Before it is begun."""
    with pytest.raises(SpecError, match=r"cut\(\) stops all bytes"):
        link.throttle(0)


# === cut, half-open ===


def test_a_cut_link_is_silent_and_tells_nobody(link: RunningLink) -> None:
    """What was sent meanwhile arrives afterwards, as when TCP sends it again."""
    with connected(link.address) as end:
        echoed(end)
        with link.cut():
            end.sendall(b"meanwhile")
            assert is_silent(end)
        assert end.recv(100) == b"meanwhile"


def test_a_new_connection_through_a_cut_link_hangs(link: RunningLink) -> None:
    """It is neither accepted nor refused; afterwards it comes about by itself."""
    host, _, port = link.address.rpartition(":")
    with socket.socket() as end:
        end.setblocking(False)
        with link.cut():
            assert end.connect_ex((host, int(port))) == errno.EINPROGRESS
            assert end.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1) == b"\x02"  # SYN_SENT
        end.settimeout(PATIENCE)
        wait_until(
            lambda: end.connect_ex((host, int(port))) in {0, errno.EISCONN}, seconds=PATIENCE, what="the connection"
        )
        echoed(end)


def test_an_end_behind_a_cut_is_heard_of_afterwards(running: RunningStack, link: RunningLink) -> None:
    """A service that is killed there resets nothing here until packets pass again."""
    with connected(link.address) as end:
        echoed(end)
        with link.cut():
            running["store"].kill()
            assert is_silent(end)
        assert end.recv(1) == b""
    running["store"].bring_back()


@pytest.mark.parametrize("lost", list(Way))
def test_a_half_open_link_loses_one_way(link: RunningLink, lost: Way) -> None:
    """The other way passes what comes."""
    with connected(link.address) as end:
        echoed(end)
        before = link.traffic()
        with link.half_open(lost):
            end.sendall(b"meanwhile")
            assert is_silent(end)
            passed = link.traffic()["passed_there"] - before["passed_there"]
            assert passed == (0 if lost is Way.THERE else len("meanwhile"))
        assert end.recv(100) == b"meanwhile"


def test_a_link_that_is_not_cut_is_an_error(link: RunningLink, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the relay says: a connection that comes about is the proof."""
    monkeypatch.setattr(type(link), "_try_to_connect", lambda _: 0)
    with pytest.raises(FaultNotEffective, match="a new connection was answered: it was accepted"), link.cut():
        pass
    monkeypatch.undo()

    ask(link.address)


# === reset, refused ===


def test_a_reset_link_ends_what_is_there_and_each_that_comes(running: RunningStack, link: RunningLink) -> None:
    """By RST, which no reader takes for an orderly end."""
    with connected(link.address) as end:
        echoed(end)
        with link.reset():
            with pytest.raises(ConnectionResetError):
                end.recv(1)
            with pytest.raises(ConnectionResetError), connected(link.address) as late:
                late.recv(1)
    ask(link.address)
    ask(running.address("web.http"))


def test_a_reset_of_nothing_is_no_effect(link: RunningLink) -> None:
    """Neither an old nor a new connection was there."""
    with pytest.raises(FaultNotEffective, match="it had no connection meanwhile"), link.reset():
        pass


def test_a_refused_link_refuses_the_new_and_keeps_the_old(link: RunningLink) -> None:
    """On a port that is nobody else's meanwhile."""
    with connected(link.address) as end:
        with link.refuse():
            with pytest.raises(ConnectionRefusedError):
                ask(link.address)
            echoed(end)
        ask(link.address)


def test_a_target_that_is_away_resets_who_comes(running: RunningStack, link: RunningLink) -> None:
    """A relay cannot refuse what it has accepted; it ends it as hard."""
    with running["store"].killed(), pytest.raises(ConnectionResetError), connected(link.address) as end:
        end.recv(1)
    ask(link.address)


# === by whom, for whom ===


def test_a_fault_of_one_link_leaves_the_others(running: RunningStack, link: RunningLink) -> None:
    """Each has a door of its own, though one process carries all."""
    with running.link("web", "store.data").refuse():
        ask(link.address)
        with connected(running.address("web.http")) as end:
            end.sendall(b"hello")
            assert end.recv(1) == b""


def test_a_fault_ends_with_whoever_asked_for_it(link: RunningLink) -> None:
    """Its connection to the relay is a lease."""
    fault = link.refuse()
    fault.__enter__()
    del fault

    wait_until(lambda: not _is_refused(link), seconds=PATIENCE, what="the end of the fault")


def _is_refused(link: RunningLink) -> bool:
    try:
        ask(link.address)
    except ConnectionRefusedError:
        return True
    return False


def test_a_relay_keeps_nothing_of_what_is_over(running: RunningStack, link: RunningLink) -> None:
    """Neither of connections, however they ended, nor of faults."""
    folder = Path(f"/proc/{running[RELAY].pid}/fd")

    def use() -> None:
        for fault in (link.cut, link.refuse, link.half_open):
            with fault():
                pass
        with link.slow(0.001):
            ask(link.address)
        with connected(link.address) as end, link.reset(), suppress(ConnectionResetError):
            end.recv(1)

    ask(link.address)
    wait_until(lambda: link.traffic()["open"] == 0, seconds=PATIENCE, what="the end of the connection")
    before = len(list(folder.iterdir()))
    for _ in range(5):
        use()
    wait_until(lambda: len(list(folder.iterdir())) <= before, seconds=PATIENCE, what="as few descriptors as before")
    assert link.traffic()["open"] == 0


def test_a_relay_that_is_gone_is_an_error(running: RunningStack, link: RunningLink) -> None:
    """And not a fault that took no effect."""
    running[RELAY].kill()

    with pytest.raises(WorldError, match="the relay of the stack's links does not answer"), link.cut():
        pass


def test_a_relay_that_is_started_again_carries_the_same_links(running: RunningStack, link: RunningLink) -> None:
    """On the same ports."""
    with running[RELAY].killed(), pytest.raises(ConnectionRefusedError):
        ask(link.address)

    ask(link.address)


def test_a_relay_ends_with_its_owner(base: object, program: Program, wait_gone: Callable[..., None]) -> None:
    """As every service."""
    del base
    store = Service(name="store", command=program("echo", "{data}"), ports={"data": FREE}, ready=Notify())
    lease = own()
    stack = start(Stack(name="shop", services=(store,), links=(Link(OUTSIDE, "store.data"),)), lease=lease)
    pid = stack[RELAY].pid
    lease.close()

    wait_gone(pid)
