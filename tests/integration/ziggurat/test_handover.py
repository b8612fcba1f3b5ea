"""Listeners that a service is handed instead of binding its port itself."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import pytest

from ziggurat import KeeperError, Lease, Limits, Notify, Port, Service, Stack, start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ziggurat import RunningStack

    Program = Callable[..., tuple[str, ...]]

PATIENCE = 10.0
HANDED = Port(handover=True)


@pytest.fixture
def running(lease: Lease, program: Program) -> Iterator[RunningStack]:
    """A service that takes two listeners."""
    ports = {"http": HANDED, "admin": HANDED}
    service = Service(name="web", command=program("take_listener"), ports=ports, ready=Notify())
    with start(Stack(name="handed", services=(service,)), lease=lease) as stack:
        yield stack


def call(address: str) -> str:
    """Return what is answered at an address."""
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as link:
        return link.recv(100).decode()


def test_each_listener_comes_under_its_own_name(running: RunningStack) -> None:
    """In the order of declaration, from descriptor 3 on."""
    assert call(running.address("web.http")) == "http"
    assert call(running.address("web.admin")) == "admin"


def test_a_service_is_handed_fresh_listeners_on_the_same_ports_when_it_is_restarted(running: RunningStack) -> None:
    """What waited at the old ones is gone with them."""
    before = running.address("web.http")
    running["web"].restart()

    assert running.address("web.http") == before
    assert call(before) == "http"


def test_a_service_that_is_dead_refuses_its_callers(running: RunningStack) -> None:
    """Nobody but the service has the listener: the keeper's own copy is closed."""
    with running["web"].killed(), pytest.raises(ConnectionRefusedError):
        call(running.address("web.http"))


def test_who_comes_before_the_service_is_up_waits_for_it(lease: Lease, program: Program) -> None:
    """And is answered: that is what the hand-over is for."""
    slow = program("take_listener", "--start-seconds", "0.5")
    service = Service(name="web", command=slow, ports={"http": HANDED})
    with start(Stack(name="handed", services=(service,)), lease=lease) as stack:
        assert stack["web"].log.lines() == []
        assert call(stack.address("web.http")) == "http"


def test_hand_over_and_limits_go_together(lease: Lease, program: Program) -> None:
    """Both are prepared by one process that becomes the program."""
    service = Service(
        name="web",
        command=program("take_listener"),
        ports={"http": HANDED},
        ready=Notify(),
        limits=Limits(open_files=32),
    )
    with start(Stack(name="handed", services=(service,)), lease=lease) as stack:
        assert call(stack.address("web.http")) == "http"


def test_other_services_know_nothing_of_it(lease: Lease, program: Program) -> None:
    """Neither a descriptor nor a variable."""
    web = Service(name="web", command=program("take_listener"), ports={"http": HANDED}, ready=Notify())
    other = Service(name="other", command=program("tell_surroundings"), after=("web",))
    with start(Stack(name="handed", services=(web, other)), lease=lease) as stack:
        told = json.loads(stack["other"].log.wait_for(r"^\{.*\}$")[0])

    assert told["descriptors"].keys() == {"0", "1", "2"}
    assert not [name for name in told["environment"] if name.startswith("LISTEN_")]


def test_a_port_on_which_somebody_listens_cannot_be_handed_over_again(lease: Lease, program: Program) -> None:
    """A child that outlived its service would get half of the callers."""
    web = Service(name="web", command=program("take_listener"), ports={"http": HANDED}, ready=Notify(), stop=())
    with start(Stack(name="handed", services=(web,)), lease=lease) as stack:
        stack["web"].kill()
        endpoint = stack["web"].endpoints["http"]
        with (
            socket.create_server((endpoint.host, endpoint.port)),
            pytest.raises(KeeperError, match=f"cannot listen on {endpoint}"),
        ):
            stack["web"].spawn_again()
        stack["web"].bring_back()
