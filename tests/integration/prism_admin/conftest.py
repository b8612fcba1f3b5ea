"""A prism-admin of the test's own, and proxies and launchers that answer it from a script."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from prism.admin.admin_pb2 import DeleteNamespaceRequest, ListNamespacesRequest, ListProxiesRequest
from prism.admin.admin_pb2_grpc import AdminStub
from prism.control_plane_pb2 import (
    CreateNamespaceRequest,
    LauncherHeartbeatRequest,
    LauncherRegistration,
    NamespaceHealth,
    ProcessHealth,
    ProxyHeartbeat,
    ProxyRegistration,
)
from prism.control_plane_pb2_grpc import ControlPlaneStub
from prism_stack.admin.testing import Script, ScriptedPeer
from prism_stack.channel import open_channel
from prism_stack.clients.admin import AdminClient
from ziggurat import FREE, Notify, Service, Stack, wait_until

if TYPE_CHECKING:
    from ziggurat import RunningStack
    from ziggurat.scope import StackScope

CALL_SECONDS = 15


@dataclass
class Admin:
    """A running prism-admin and the calls that peers and people make on it."""

    stack: RunningStack
    control: ControlPlaneStub
    people: AdminStub

    def register_proxy(self, proxy_id: str, peer: ScriptedPeer, **metadata: str) -> Any:  # noqa: ANN401 - an ack
        """Register a proxy whose control address is the peer's."""
        told = {"control_address": peer.address, **metadata}
        registration = ProxyRegistration(proxy_id=proxy_id, address="127.0.0.1:1", version="1", metadata=told)
        ack = self.control.RegisterProxy(registration, timeout=CALL_SECONDS)
        peer.held.update({each.namespace: each.version for each in ack.initial_namespaces})
        return ack

    def register_launcher(self, launcher_id: str, peer: ScriptedPeer, **fields: Any) -> Any:  # noqa: ANN401 - an ack
        """Register a launcher."""
        registration = LauncherRegistration(launcher_id=launcher_id, address=peer.address, version="1", **fields)
        ack = self.control.RegisterLauncher(registration, timeout=CALL_SECONDS)
        peer.held.update({each.process_id: each.version for each in ack.initial_processes})
        return ack

    def beat_proxy(self, proxy_id: str, *namespaces: str) -> Any:  # noqa: ANN401 - an ack
        """Send a heartbeat of a proxy."""
        health = {name: NamespaceHealth(status="healthy") for name in namespaces}
        beat = ProxyHeartbeat(proxy_id=proxy_id, namespace_health=health)
        return self.control.Heartbeat(beat, timeout=CALL_SECONDS)

    def beat_launcher(self, launcher_id: str, **processes: ProcessHealth) -> Any:  # noqa: ANN401 - an ack
        """Send a heartbeat of a launcher; an underscore in a name stands for a colon."""
        health = {name.replace("_", ":"): each for name, each in processes.items()}
        beat = LauncherHeartbeatRequest(launcher_id=launcher_id, process_health=health)
        return self.control.LauncherHeartbeat(beat, timeout=CALL_SECONDS)

    def create(self, name: str, timeout: float = CALL_SECONDS, **fields: Any) -> Any:  # noqa: ANN401 - a response
        """Create a namespace."""
        return self.control.CreateNamespace(CreateNamespaceRequest(namespace=name, **fields), timeout=timeout)

    def namespaces(self) -> dict[str, Any]:
        """Return every namespace by name."""
        listed = self.people.ListNamespaces(ListNamespacesRequest(page_size=1000), timeout=CALL_SECONDS)
        return {each.namespace: each for each in listed.namespaces}

    def all_namespaces(self) -> dict[str, str]:
        """Return the status of every namespace by name, however many there are."""
        with AdminClient(self.stack.address("admin.control")) as client:
            return {each.namespace: each.status for each in client.list_namespaces()}

    def delete(self, name: str, timeout: float = CALL_SECONDS) -> Any:  # noqa: ANN401 - a response
        """Delete a namespace."""
        return self.people.DeleteNamespace(DeleteNamespaceRequest(namespace=name), timeout=timeout)

    def proxies(self) -> dict[str, Any]:
        """Return every proxy by id."""
        listed = self.people.ListProxies(ListProxiesRequest(), timeout=CALL_SECONDS)
        return {each.proxy_id: each for each in listed.proxies}

    def kill_and_restart(self) -> None:
        """Kill the process as `kill -9` does, and start it again on its port and its file."""
        self.stack["admin"].kill()
        self.stack["admin"].restart()
        wait_until(self.answers, seconds=CALL_SECONDS, what="a connection to the admin")

    def answers(self) -> bool:
        """Tell whether a call succeeds."""
        try:
            self.proxies()
        except grpc.RpcError:
            return False
        return True


def admin_stack(state: Path, *arguments: str) -> Stack:
    """Describe a prism-admin alone."""
    command: tuple[str | Path, ...] = (
        sys.executable,
        "-m",
        "prism_stack.admin",
        "--listen",
        "{control}",
        "--state",
        state,
        *arguments,
    )
    return Stack(
        name="admin", services=(Service(name="admin", command=command, ports={"control": FREE}, ready=Notify()),)
    )


@pytest.fixture
def start_admin(test_stacks: StackScope, tmp_path: Path) -> Iterator[Callable[..., Admin]]:
    """Start a prism-admin with arguments of the test's."""
    channels: list[grpc.Channel] = []

    def start(*arguments: str) -> Admin:
        stack = test_stacks.start(admin_stack(tmp_path / "admin.db", *arguments))
        channel = open_channel(stack.address("admin.control"))
        channels.append(channel)
        return Admin(stack=stack, control=ControlPlaneStub(channel), people=AdminStub(channel))

    yield start
    for channel in channels:
        channel.close()


@pytest.fixture
def admin(start_admin: Callable[..., Admin]) -> Admin:
    """A prism-admin before which peers do not fall silent in a test's time."""
    return start_admin("--heartbeat-interval", "60s")


@pytest.fixture
def peers() -> Iterator[Callable[..., ScriptedPeer]]:
    """Start peers; they stop with the test."""
    started: list[ScriptedPeer] = []

    def start(script: Script = lambda _: None) -> ScriptedPeer:
        started.append(ScriptedPeer(script=script).start())
        return started[-1]

    yield start
    for peer in started:
        peer.stop()


@pytest.fixture
def proxy(admin: Admin, peers: Callable[..., ScriptedPeer]) -> ScriptedPeer:
    """A proxy `p1` that says yes."""
    peer = peers()
    admin.register_proxy("p1", peer)
    return peer


@pytest.fixture
def launcher(admin: Admin, peers: Callable[..., ScriptedPeer]) -> ScriptedPeer:
    """A launcher `l1` that says yes."""
    peer = peers()
    admin.register_launcher("l1", peer)
    return peer
