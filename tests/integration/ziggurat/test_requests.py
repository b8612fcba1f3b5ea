"""What the keeper answers to whoever asks it wrongly; it goes on in any case."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from ziggurat import KeeperError, Lease, ProgramNotFound, wait_until
from ziggurat.lease import SOCKET_NAME

if TYPE_CHECKING:
    from collections.abc import Callable

    Program = Callable[..., tuple[str, ...]]


@pytest.mark.parametrize(
    ("verb", "facts"),
    [
        ("", {}),
        ("fly", {}),
        ("start", {}),
        ("start", {"spec": {}}),
        ("start", {"spec": "text"}),
        (
            "start",
            {"spec": {"name": "x", "argv": [], "env": {}, "log": "/no/folder/x.log", "log_bound": 1, "stop": []}},
        ),
        ("start", {"spec": {"name": "x", "argv": [], "env": {}, "log": "/dev/null", "log_bound": 1, "stop": []}}),
        ("stop", {"service": "nobody"}),
        ("signal", {"service": "nobody", "signal": 9}),
        ("again", {"service": "nobody"}),
        ("hold", {"host": 5, "port": "many"}),
        ("hold", {"host": "127.0.0.1", "port": 70000}),
        ("release", {}),
        ("remove", {"service": None}),
        ("addresses", {}),
        ("log", {}),
        ("describe", {}),
    ],
)
def test_a_wrong_request_is_refused(lease: Lease, verb: str, facts: dict[str, object]) -> None:
    """By name of what is wrong; nothing of it is kept."""
    with pytest.raises((KeeperError, ProgramNotFound)):
        lease.ask(verb, **facts)

    assert lease.ask("list") == []


def test_a_signal_that_is_none_is_refused(lease: Lease, program: Program) -> None:
    """And the service lives on."""
    words = list(program("ignore_sigterm"))
    spec = {"name": "made", "argv": words, "env": {}, "log": str(lease.folder / "log"), "log_bound": 1, "stop": []}
    lease.ask("start", spec=spec)

    with pytest.raises(KeeperError):
        lease.ask("signal", service="made", signal=4000)
    assert lease.ask("list")[0]["state"] == "running"
    lease.ask("stop", service="made")


@pytest.mark.parametrize("data", [b"nonsense\n", b"[]\n", b"1\n", b'{"id":\n', b"\xff\xfe\n", b"\n", b"null\n"])
def test_a_client_that_talks_nonsense_is_left(lease: Lease, data: bytes) -> None:
    """Its connection is closed; everybody else's goes on."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        link.connect(str(lease.folder / SOCKET_NAME))
        link.settimeout(2)
        link.sendall(data)

        assert link.recv(100) == b""
    assert lease.ask("list") == []


def test_a_client_that_leaves_in_the_middle_is_forgotten(lease: Lease) -> None:
    """With half a request on the way."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        link.connect(str(lease.folder / SOCKET_NAME))
        link.sendall(b'{"id": 1, "do": "li')

    assert lease.ask("list") == []


def test_a_second_client_ends_nothing_when_it_goes(lease: Lease, program: Program) -> None:
    """Only the owner's connection is one on which lives depend."""
    words = list(program("ignore_sigterm"))
    spec = {"name": "made", "argv": words, "env": {}, "log": str(lease.folder / "log"), "log_bound": 1, "stop": []}
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        link.connect(str(lease.folder / SOCKET_NAME))
        with Lease(link) as other:
            other.ask("start", spec=spec)

    wait_until(lambda: lease.ask("list")[0]["state"] == "running", seconds=2, what="the service to run")
    lease.ask("stop", service="made")
