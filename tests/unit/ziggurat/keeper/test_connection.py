"""One client of the keeper."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from ziggurat.keeper.connection import UNREAD, Connection
from ziggurat.keeper.loop import Loop

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Client:
    """Both ends of a connection, and what the keeper's end was asked."""

    far: socket.socket
    loop: Loop = field(default_factory=Loop)
    asked: list[dict[str, object]] = field(default_factory=list)
    closed: list[Connection] = field(default_factory=list)

    def connect(self, near: socket.socket) -> Connection:
        """Serve the near end."""
        connection = Connection(near, self.loop, lambda _, request: self.asked.append(request))
        connection.when_closed = self.closed.append
        return connection

    def read(self) -> list[Any]:
        """Read all that came so far, letting the loop send what waits."""
        data = b""
        self.far.setblocking(False)
        while True:
            self.loop.after(0, lambda: None)
            self.loop.step()
            try:
                data += self.far.recv(1 << 20)
            except BlockingIOError:
                return [json.loads(line) for line in data.splitlines()]


@pytest.fixture
def client() -> Iterator[Client]:
    """A client whose other end is the test's."""
    near, far = socket.socketpair()
    with near, far:
        client = Client(far)
        client.connection = client.connect(near)  # type: ignore[attr-defined]
        yield client


@pytest.fixture
def connection(client: Client) -> Connection:
    """The keeper's end."""
    made: Connection = client.connection  # type: ignore[attr-defined]
    return made


def test_requests_are_handed_on(client: Client, connection: Connection) -> None:
    """One by one, however they come."""
    del connection
    client.far.sendall(b'{"id":1}\n{"id"')
    client.loop.step()
    client.far.sendall(b":2}\n")
    client.loop.step()

    assert client.asked == [{"id": 1}, {"id": 2}]


@pytest.mark.parametrize("data", [b"", b"nonsense\n"])
def test_a_client_that_leaves_or_raves_is_closed_once(client: Client, connection: Connection, data: bytes) -> None:
    """And whoever wants to know hears it."""
    client.far.sendall(data)
    client.far.shutdown(socket.SHUT_WR)
    client.loop.step()
    connection.close()

    assert client.closed == [connection]
    assert client.asked == []


def test_a_large_answer_arrives_whole(client: Client, connection: Connection) -> None:
    """It waits until the client reads; the keeper does not."""
    answer: dict[str, object] = {"ok": "x" * (4 << 20)}
    connection.send(answer)
    connection.send({"ok": "next"})

    assert client.read() == [answer, {"ok": "next"}]


def test_events_for_a_client_that_does_not_read_are_dropped_and_counted(client: Client, connection: Connection) -> None:
    """The keeper's memory is bounded; answers are never dropped."""
    event: dict[str, object] = {"event": "grew", "text": "x" * 1000}
    sent = 4 * UNREAD // 1000
    for _ in range(sent):
        connection.tell(event)
    connection.send({"ok": "answer"})
    early = client.read()
    connection.tell({"event": "last"})
    (last,) = client.read()

    assert early[-1] == {"ok": "answer"}
    assert last == {"event": "last", "missed": sent - (len(early) - 1)}
    assert last["missed"] > 0
    connection.tell({"event": "after"})
    assert client.read() == [{"event": "after"}]


def test_sending_to_a_client_that_has_left_is_nothing(client: Client, connection: Connection) -> None:
    """It is closed instead."""
    client.far.close()
    connection.send({"ok": 1})
    connection.send({"ok": 2})
    connection.drain(0.1)

    assert client.closed == [connection]
