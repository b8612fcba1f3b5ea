"""The client over real connections: addresses that are away, silent, or of no proxy at all."""

import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest

from prism_stack.client import DEFAULT_TIMEOUT, KeyValueClient
from prism_stack.errors import ClientClosed, DeadlineExceeded, Unavailable
from ziggurat import RunningStack

TIMEOUT = timedelta(milliseconds=300)


@pytest.fixture
def proxy(spawned_prism: RunningStack) -> str:
    """The data port of a proxy that answers."""
    return spawned_prism.address("proxy.data")


@pytest.fixture
def refusing() -> Iterator[str]:
    """An address that nobody listens on, and that nobody can take meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield "{}:{}".format(*held.getsockname())


@pytest.fixture
def silent() -> Iterator[str]:
    """An address that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield "{}:{}".format(*listener.getsockname())


def test_the_second_address_answers_for_the_first(proxy: str, refusing: str) -> None:
    """A proxy that is gone costs its clients nothing but a refused connection."""
    key = uuid4().hex
    with KeyValueClient([refusing, proxy]) as client:
        client.set(key, b"value")

        assert client.get(key) == b"value"
        client.delete(key)


def test_nobody_anywhere_is_unavailable(refusing: str) -> None:
    """Without any proxy the call ends at once, and says whom it asked last."""
    began = time.monotonic()

    with KeyValueClient(refusing) as client, pytest.raises(Unavailable) as caught:
        client.get("k")

    assert caught.value.address == refusing
    assert timedelta(seconds=time.monotonic() - began) < DEFAULT_TIMEOUT


def test_a_silent_address_ends_with_the_deadline(silent: str, proxy: str) -> None:
    """A call never hangs, and one that may be under way is not sent to somebody else."""
    began = time.monotonic()

    with KeyValueClient([silent, proxy], timeout=TIMEOUT) as client, pytest.raises(DeadlineExceeded) as caught:
        client.get("k")

    assert (caught.value.address, caught.value.deadline) == (silent, TIMEOUT)
    assert TIMEOUT <= timedelta(seconds=time.monotonic() - began) < 10 * TIMEOUT


def test_a_closed_client_says_so(proxy: str) -> None:
    """Using a client after its end is a mistake of the caller, not of the network."""
    with KeyValueClient(proxy) as client:
        client.exists("k")

    with pytest.raises(ClientClosed):
        client.exists("k")
