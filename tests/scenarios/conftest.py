"""The whole Prism that a scenario happens to: a spawned one in integration, the running one in e2e.

The spawned one has two proxies, hears of its parts twice a second, and starts again after 50 ms what failed. Oftener
would not be wiser: on a busy machine a part that waits for its turn for 0.3 s is not away.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from ziggurat import Tier, wait_until

if TYPE_CHECKING:
    from prism_stack.client import KeyValueClient
    from prism_stack.clients.admin import AdminClient
    from prism_stack.clients.launcher import LauncherClient
    from ziggurat import RunningStack

CALL_TIMEOUT = timedelta(seconds=15)
PATTERN = "keyvalue"
RETURN_SECONDS = 20.0
"""For a part of the control plane to be back: how long Python takes to load on a busy machine is nobody's promise."""


@dataclass(slots=True)
class FullPrism:
    """A whole Prism, asked and ill-treated as its users and its enemies would."""

    stack: RunningStack
    admin: AdminClient
    launcher: LauncherClient
    opened: ExitStack
    made: list[str] = field(default_factory=list)

    def create(self, name: str = "", **settings: str) -> str:
        """Create a namespace of the test's own, deleted after it, and return its name."""
        namespace = name or f"scenario-{uuid4().hex[:12]}"
        self.made.append(namespace)
        self.admin.create_namespace(namespace, settings=settings)
        return namespace

    def delete(self, namespace: str) -> int:
        """Delete a namespace and return how many keys went with it."""
        self.made.remove(namespace)
        return self.admin.delete_namespace(namespace)

    def owner(self, namespace: str) -> str:
        """Return the proxy that a namespace is assigned to."""
        return str(self.admin.get_namespace(namespace).proxy_id)

    def endpoint(self, namespace: str) -> str:
        """Return the data port of the proxy that a namespace is assigned to."""
        return self.stack.address(f"{self.owner(namespace)}.data")

    def client(self, namespace: str, timeout: timedelta = timedelta(seconds=2)) -> KeyValueClient:
        """Return a client of the proxy that a namespace is assigned to now."""
        from prism_stack.client import KeyValueClient

        return self.opened.enter_context(KeyValueClient(self.endpoint(namespace), namespace=namespace, timeout=timeout))

    def process(self, namespace: str) -> Any:  # noqa: ANN401 - a message, whose type mypy knows only at the client
        """Return what the launcher tells of a namespace's runner, or None."""
        found = list(self.launcher.list_patterns(namespace=namespace))
        return found[0] if found else None

    def kill(self, part: str) -> int:
        """Kill a part of the stack (-9) and wait until the keeper has started it again; return its new pid."""
        before = self.stack[part].pid
        os.kill(before, signal.SIGKILL)

        def is_back() -> int:
            facts = self.stack[part].facts()
            return int(facts["pid"]) if facts["state"] == "running" and facts["pid"] != before else 0

        return wait_until(is_back, seconds=RETURN_SECONDS, what=f"{part} to be started again")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Say that a test uses the spawned Prism in the integration tier: its fixtures do not name it."""
    if item.get_closest_marker(Tier.INTEGRATION):
        item.add_marker(pytest.mark.shared("spawned_full_prism"))


@pytest.fixture(scope="session")
def spawned_full_prism(spawned_full_prism: RunningStack, watched_channels: None) -> RunningStack:
    """A whole Prism on free ports, which all tests of a run share."""
    del watched_channels
    return spawned_full_prism


@pytest.fixture
def prism(tier: Tier, request: pytest.FixtureRequest) -> Iterator[FullPrism]:
    """The whole Prism of the tier; what a test made in it is gone after the test, and every part is back."""
    from prism_stack.clients.admin import AdminClient
    from prism_stack.clients.launcher import LauncherClient

    stack: RunningStack = request.getfixturevalue("running_stack" if tier is Tier.E2E else "spawned_full_prism")
    with ExitStack() as opened:
        admin = opened.enter_context(AdminClient(stack.address("admin.control"), timeout=CALL_TIMEOUT))
        launcher = opened.enter_context(LauncherClient(stack.address("launcher.control"), timeout=CALL_TIMEOUT))
        prism = FullPrism(stack, admin, launcher, opened)
        yield prism
        for namespace in prism.made:
            admin.delete_namespace(namespace)
        wait_until(lambda: is_whole(prism), seconds=RETURN_SECONDS, what="every part to be back and known")


@pytest.fixture
def other_proxy(prism: FullPrism) -> Callable[[str], str]:
    """Gives, for a proxy, another one; skips the test on a stack that has one alone."""

    def other(proxy: str) -> str:
        others = [name for name in prism.stack.services if name.startswith("proxy-") and name != proxy]
        if not others:
            pytest.skip("this stack has one proxy; start one with: prismctl local start --proxies 2")
        return others[0]

    return other


def is_whole(prism: FullPrism) -> bool:
    """Say whether every part runs and is healthy in the eyes of the admin, and every namespace is active."""
    from prism_stack.errors import CallError

    if any(service.facts()["state"] != "running" for service in prism.stack.services.values()):
        return False
    try:
        peers = {peer.status for peer in prism.admin.list_proxies()}
        peers |= {peer.status for peer in prism.admin.list_launchers()}
        namespaces = {found.status for found in prism.admin.list_namespaces()}
    except CallError:
        return False
    return peers == {"healthy"} and namespaces == {"active"}
