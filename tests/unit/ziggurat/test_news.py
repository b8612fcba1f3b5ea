"""What a keeper tells beside its answers reaches whoever waits for it, also in another thread."""

from __future__ import annotations

import select
import socket
from typing import TYPE_CHECKING

import pytest

from ziggurat import KeeperLost, Lease
from ziggurat.keeper.wire import encode

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, Lease]]:
    """The keeper's end of a connection, and a lease over it."""
    ours, theirs = socket.socketpair()
    # The answers to the two questions with which a lease begins.
    ours.sendall(encode({"id": 1, "ok": {"folder": "/nowhere"}}) + encode({"id": 2, "ok": None}))
    with ours, Lease(theirs) as lease:
        yield ours, lease


def has_news(lease: Lease) -> bool:
    """Say whether somebody who awaits events is woken, though there is nothing to read from the keeper."""
    _, news = lease.descriptors()
    return bool(select.select([news], [], [], 0)[0])


def told(service: str) -> bytes:
    """Return an event as the keeper tells it."""
    return encode({"event": "notified", "service": service, "at": 1})


def test_what_came_with_an_answer_wakes_who_awaits_events(ends: tuple[socket.socket, Lease]) -> None:
    """It will not come again; once it is taken, nobody is woken any more."""
    keeper, lease = ends
    keeper.sendall(told("web") + encode({"id": 3, "ok": 5}))

    assert lease.ask("hold") == 5
    assert has_news(lease)
    assert [event["service"] for event in lease.events()] == ["web"]
    assert not has_news(lease)


def test_it_does_also_where_the_answer_did_not_come(ends: tuple[socket.socket, Lease]) -> None:
    """Whoever asked is told so; the others may still take what came."""
    keeper, lease = ends
    keeper.sendall(told("web"))
    keeper.shutdown(socket.SHUT_WR)
    with pytest.raises(KeeperLost):
        lease.ask("hold")

    assert has_news(lease)


def test_answers_that_are_awaited_later_are_kept(ends: tuple[socket.socket, Lease]) -> None:
    """Whoever asks meanwhile gets its own."""
    keeper, lease = ends
    first = lease.begin([("hold", {})])
    keeper.sendall(encode({"id": 3, "ok": "first"}) + encode({"id": 4, "ok": "second"}))

    assert lease.ask("hold") == "second"
    assert first() == ["first"]


def test_events_that_were_dropped_wake_nobody(ends: tuple[socket.socket, Lease]) -> None:
    """Who only listens takes none."""
    keeper, lease = ends
    keeper.sendall(told("web") + encode({"id": 3, "ok": None}))
    lease.ask("list")
    lease.drop_events()

    assert not has_news(lease)
    assert lease.events() == []
