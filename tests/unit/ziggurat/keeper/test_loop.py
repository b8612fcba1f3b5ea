"""One thread that waits for descriptors and for moments."""

import socket
from collections.abc import Iterator

import pytest

from ziggurat.keeper.loop import Loop


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two ends of a connection."""
    near, far = socket.socketpair()
    with near, far:
        yield near, far


def test_moments_come_in_their_order() -> None:
    """Whatever the order in which they were asked for."""
    loop, happened = Loop(), []
    loop.after(0.003, lambda: happened.append("last"))
    loop.after(0.001, lambda: happened.append("first"))
    loop.after(0.002, lambda: happened.append("second"))
    while len(happened) < 3:
        loop.step()

    assert happened == ["first", "second", "last"]


def test_a_cancelled_moment_does_not_come() -> None:
    """Nor does anybody wait for it."""
    loop, happened = Loop(), []
    loop.after(0, lambda: happened.append("cancelled")).cancel()
    loop.after(0.001, lambda: happened.append("kept"))
    while not happened:
        loop.step()

    assert happened == ["kept"]
    assert loop._patience() == -1


def test_what_a_moment_asks_for_at_once_comes_in_the_next_step() -> None:
    """Else one that asks for itself again would keep all others from being heard."""
    loop, happened = Loop(), []

    def again() -> None:
        happened.append("again")
        loop.after(0, again)

    loop.after(0, again)
    loop.step()
    assert happened == ["again"]


def test_a_descriptor_is_watched_until_it_is_forgotten(ends: tuple[socket.socket, socket.socket]) -> None:
    """Each time that there is something to read."""
    (near, far), loop, heard = ends, Loop(), []
    loop.watch(near.fileno(), lambda: heard.append(near.recv(1)))
    far.send(b"ab")
    loop.step()
    loop.step()
    loop.forget(near.fileno())
    far.send(b"c")
    loop.after(0, lambda: heard.append(b"end"))
    loop.step()

    assert heard == [b"a", b"b", b"end"]


def test_once_is_once(ends: tuple[socket.socket, socket.socket]) -> None:
    """Also where what came was not read."""
    (near, far), loop, heard = ends, Loop(), []
    loop.once(near.fileno(), lambda: heard.append("heard"))
    far.send(b"a")
    loop.step()
    loop.after(0, lambda: heard.append("end"))
    loop.step()

    assert heard == ["heard", "end"]


def test_forgetting_what_is_not_watched_is_nothing() -> None:
    """It may have been closed by the one before it in the same batch."""
    Loop().forget(1000)


def test_a_handler_may_forget_the_next_one(ends: tuple[socket.socket, socket.socket]) -> None:
    """Both were ready; the second is not called any more."""
    (near, far), loop, heard = ends, Loop(), []

    def hear(own: socket.socket, other: socket.socket) -> None:
        heard.append(own)
        loop.forget(other.fileno())

    loop.watch(near.fileno(), lambda: hear(near, far))
    loop.watch(far.fileno(), lambda: hear(far, near))
    near.send(b"x")
    far.send(b"x")
    loop.step()

    assert len(heard) == 1
