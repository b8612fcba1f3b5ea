"""A real admin and real proxies: what is assigned is served, whoever of them ends and comes back."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from prism.control_plane_pb2 import NamespaceConfig
from prism_stack.client import KeyValueClient
from prism_stack.errors import Unavailable
from prism_stack.stacks import Proxy, Runner, keyvalue_stack, proxy_service
from ziggurat import Stack, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.prism_admin.conftest import Admin

    from prism_stack.admin.testing import ScriptedPeer
    from ziggurat import RunningStack
    from ziggurat.scope import StackScope

HEARTBEAT = "100ms"
SETTLED_SECONDS = 10
SERVICES = {"p1": "proxy", "p2": "other"}
"""The services of the stack by the ids that the admin knows them by."""
NAMES = [f"orders-{number}" for number in range(8)]
"""Enough for both proxies to have some."""
LARGE_NAMES = [f"large-{number}" for number in range(30)]
LARGE_CONFIG = NamespaceConfig(metadata={f"note-{number}": "x" * 4000 for number in range(25)})
"""3 MiB for all the names: more than fits into the answer to a registration."""


@dataclass
class Prism:
    """An admin, two proxies, a runner that serves any namespace at both, and a launcher that says yes."""

    admin: Admin
    stack: RunningStack
    clients: ExitStack

    def home(self, namespace: str) -> str:
        """Return the service that has a namespace, by the admin's books."""
        return SERVICES[self.admin.namespaces()[namespace].proxy_id]

    def homes(self) -> set[str]:
        """Return the services that have namespaces."""
        return {SERVICES[each.proxy_id] for each in self.admin.namespaces().values()}

    def client(self, namespace: str, service: str) -> KeyValueClient:
        """Return a client of a namespace at a proxy."""
        address = self.stack.address(f"{service}.data")
        return self.clients.enter_context(KeyValueClient(address, namespace=namespace))

    def serves(self, namespace: str, service: str) -> bool:
        """Tell whether a proxy serves a namespace now."""
        try:
            self.client(namespace, service).exists("key")
        except Unavailable:
            return False
        return True

    def await_served(self, namespace: str, service: str) -> None:
        """Return when a proxy serves a namespace."""
        what = f"{namespace} at {service}"
        wait_until(lambda: self.serves(namespace, service), seconds=SETTLED_SECONDS, what=what)

    def await_heard(self, *proxies: str) -> None:
        """Return when the admin hears of these proxies and no others."""
        wait_until(lambda: self._heard() == set(proxies), seconds=SETTLED_SECONDS, what=f"only {proxies} to be heard")

    def restart(self, service: str) -> None:
        """Kill a proxy and start it again on its ports."""
        self.stack[service].kill()
        self.stack[service].restart()

    def _heard(self) -> set[str]:
        return {each.proxy_id for each in self.admin.proxies().values() if each.status == "healthy"}


def data_plane(programs: dict[str, Path], admin: str) -> Stack:
    """Describe two proxies that join an admin, and a runner that serves any namespace at both of them."""
    proxy, runner = keyvalue_stack(programs, proxy=_joining(admin, "p1"), runners=(Runner(namespace="*"),)).services
    other = proxy_service(programs["prism-proxy"], _joining(admin, "p2"))
    runner = replace(runner, command=(*runner.command, "--proxy", "{other.control}"))
    return Stack(name="data-plane", services=(proxy, other, runner))


def _joining(admin: str, proxy_id: str) -> Proxy:
    arguments = ("--admin", admin, "--proxy-id", proxy_id, "--admin-heartbeat-interval", HEARTBEAT)
    return Proxy(name=SERVICES[proxy_id], arguments=arguments)


@pytest.fixture
def prism(admin: Admin, launcher: ScriptedPeer, test_stacks: StackScope, programs: dict[str, Path]) -> Iterator[Prism]:
    """All of it, once the admin hears of both proxies, and the runner is at both of them."""
    del launcher
    stack = test_stacks.start(data_plane(programs, admin.stack.address("admin.control")))
    with ExitStack() as clients:
        prism = Prism(admin=admin, stack=stack, clients=clients)
        prism.await_heard(*SERVICES)
        for name in NAMES:
            admin.create(name)
            prism.await_served(name, prism.home(name))
        yield prism


def test_a_created_namespace_is_served_where_the_admin_says_and_nowhere_else(prism: Prism) -> None:
    """Its calls are answered when the creation is, and the other proxy says `not connected`."""
    prism.admin.create("orders")
    here = prism.home("orders")
    (elsewhere,) = set(SERVICES.values()) - {here}
    prism.client("orders", here).set("k", b"v")

    assert prism.client("orders", here).get("k") == b"v"
    with pytest.raises(Unavailable, match=r"orders is not connected.*not assigned"):
        prism.client("orders", elsewhere).get("k")
    with pytest.raises(Unavailable, match="never is not connected"):
        prism.client("never", here).get("k")
    assert prism.homes() == {"proxy", "other"}


def test_a_deleted_namespace_is_not_connected_when_the_deletion_is_answered(prism: Prism) -> None:
    """The proxy has let go by then; the others stay."""
    gone, *stay = NAMES
    here = prism.home(gone)

    prism.admin.delete(gone)

    assert not prism.serves(gone, here)
    assert all(prism.serves(name, prism.home(name)) for name in stay)


def test_calls_go_on_while_the_admin_is_killed_and_all_is_as_before_when_it_is_back(
    prism: Prism, launcher: ScriptedPeer
) -> None:
    """The proxies serve what they know, register again by themselves, and take what is created then."""
    homes = {name: prism.home(name) for name in NAMES}
    prism.admin.stack["admin"].kill()
    assert all(prism.serves(name, home) for name, home in homes.items())

    prism.admin.kill_and_restart()
    prism.admin.register_launcher("l1", launcher)
    prism.await_heard(*SERVICES)
    prism.admin.create("late")

    assert prism.serves("late", prism.home("late"))
    assert {name: prism.home(name) for name in NAMES} == homes
    assert all(prism.serves(name, home) for name, home in homes.items())


def test_an_admin_that_hangs_holds_no_call_up(prism: Prism) -> None:
    """It hears of the proxies again when it goes on."""
    admin = prism.admin.stack["admin"]
    homes = {name: prism.home(name) for name in NAMES}
    admin.pause()
    assert all(prism.serves(name, home) for name, home in homes.items())
    admin.resume()

    prism.await_heard(*SERVICES)
    assert all(prism.serves(name, prism.home(name)) for name in NAMES)


def test_what_an_admin_that_lost_its_books_does_not_want_is_let_go(prism: Prism, tmp_path: Path) -> None:
    """A proxy that holds more than it is to hold is told so, after it has said what it holds."""
    homes = {name: prism.home(name) for name in NAMES}
    prism.admin.stack["admin"].kill()
    for file in tmp_path.glob("admin.db*"):
        file.unlink()
    prism.admin.kill_and_restart()

    for name, home in homes.items():
        wait_until(
            lambda name=name, home=home: not prism.serves(name, home),  # type: ignore[misc]
            seconds=SETTLED_SECONDS,
            what=f"{name} let go",
        )


def test_proxies_that_were_killed_hold_everything_again(prism: Prism) -> None:
    """They know nothing when they start, and are told all of it."""
    for service in SERVICES.values():
        prism.restart(service)

    prism.await_heard(*SERVICES)
    for name in NAMES:
        prism.await_served(name, prism.home(name))


def test_the_namespaces_of_a_killed_proxy_are_served_by_the_other(prism: Prism) -> None:
    """The admin moves them after three missed heartbeats, and back when the proxy is there again."""
    prism.stack["proxy"].kill()
    prism.await_heard("p2")
    for name in NAMES:
        prism.await_served(name, "other")

    prism.stack["proxy"].restart()
    prism.await_heard(*SERVICES)

    wait_until(lambda: prism.homes() == {"proxy", "other"}, seconds=SETTLED_SECONDS, what="namespaces at both")
    for name in NAMES:
        prism.await_served(name, prism.home(name))


def test_more_than_a_welcome_holds_is_served_through_every_restart(prism: Prism, launcher: ScriptedPeer) -> None:
    """What finds no room in the answer to a registration is kept, or told one by one."""
    prism.stack["other"].kill()
    prism.await_heard("p1")
    wait_until(lambda: prism.homes() == {"proxy"}, seconds=SETTLED_SECONDS, what="all namespaces at one proxy")
    for name in LARGE_NAMES:
        prism.admin.create(name, config=LARGE_CONFIG)

    prism.admin.kill_and_restart()
    prism.admin.register_launcher("l1", launcher)
    prism.await_heard("p1")
    assert all(prism.serves(name, "proxy") for name in LARGE_NAMES)
    prism.restart("proxy")

    for name in LARGE_NAMES:
        prism.await_served(name, "proxy")
