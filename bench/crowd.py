"""A prism-admin that holds many namespaces from its start, and the proxies and launchers that are its peers."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from prism.admin.admin_pb2_grpc import AdminStub
from prism.control_plane_pb2 import (
    HeartbeatAck,
    LauncherHeartbeatRequest,
    LauncherRegistration,
    NamespaceConfig,
    NamespaceHealth,
    PatternConfig,
    ProcessHealth,
    ProxyHeartbeat,
    ProxyRegistration,
)
from prism.control_plane_pb2_grpc import ControlPlaneStub
from prism_stack.admin.changes import Put
from prism_stack.admin.model import Kind, Namespace, Pattern, Peer, PeerKey, Phase, Placement, PlacementKey
from prism_stack.admin.partitions import Range, divide, owner_of, partition_of
from prism_stack.admin.store import Store
from prism_stack.admin.testing import ScriptedPeer
from prism_stack.channel import open_channel
from ziggurat import FREE, Notify, Service, Stack, start

CALL_SECONDS = 15.0
START_SECONDS = 60.0
"""For an admin that reads ten thousand namespaces on a busy machine."""
NEVER_SILENT = timedelta(minutes=10)
PATTERN = Pattern(name="keyvalue")
CONFIG = NamespaceConfig(
    patterns={PATTERN.name: PatternConfig(pattern_name=PATTERN.name, settings={"max_keys": "100"})}
)


class Taken(Protocol):
    """A heartbeat under way."""

    def done(self) -> bool:
        """Say whether it was answered."""

    def result(self, timeout: float) -> HeartbeatAck:
        """Wait for the answer."""


Beat = Callable[[], Taken]
"""Begins one heartbeat of one peer, with all that the peer holds."""


@dataclass
class Crowd:
    """An admin and its peers."""

    address: str
    peer: ScriptedPeer
    """Where all of them are told things."""
    control: ControlPlaneStub
    people: AdminStub
    some: str
    """One of the namespaces."""
    beats: list[Beat] = field(default_factory=list)

    def join_proxy(self, peer_id: str) -> None:
        """Register a proxy, which then reports what it was welcomed with."""
        metadata = {"control_address": self.peer.address, "heartbeat_interval_ms": _millis(NEVER_SILENT)}
        registration = ProxyRegistration(proxy_id=peer_id, address=self.peer.address, metadata=metadata)
        ack = self.control.RegisterProxy(registration, timeout=CALL_SECONDS)
        health = {each.namespace: NamespaceHealth(status="healthy") for each in ack.initial_namespaces}
        beat = ProxyHeartbeat(proxy_id=peer_id, namespace_health=health)
        self.beats.append(lambda: self.control.Heartbeat.future(beat, timeout=CALL_SECONDS))

    def join_launcher(self, peer_id: str) -> None:
        """Register a launcher, which then reports what it was welcomed with."""
        metadata = {"heartbeat_interval_ms": _millis(NEVER_SILENT)}
        registration = LauncherRegistration(launcher_id=peer_id, address=self.peer.address, metadata=metadata)
        ack = self.control.RegisterLauncher(registration, timeout=CALL_SECONDS)
        health = {each.process_id: ProcessHealth(status="running") for each in ack.initial_processes}
        beat = LauncherHeartbeatRequest(launcher_id=peer_id, process_health=health)
        self.beats.append(lambda: self.control.LauncherHeartbeat.future(beat, timeout=CALL_SECONDS))


@contextmanager
def crowd(namespaces: int, peers: int) -> Iterator[Crowd]:
    """Run an admin with so many namespaces, shared by so many proxies and as many launchers."""
    with tempfile.TemporaryDirectory(prefix="zg", dir="/tmp") as folder, ExitStack() as opened:
        state = Path(folder) / "admin.db"
        peer = ScriptedPeer().start()
        opened.callback(peer.stop)
        fill(state, namespaces, peers, peer.address)
        address = opened.enter_context(start(_stack(state))).address("admin.control")
        channel = opened.enter_context(open_channel(address))
        made = Crowd(address, peer, ControlPlaneStub(channel), AdminStub(channel), some=_name(namespaces // 2))
        for proxy, launcher in zip(_proxies(peers), _launchers(peers), strict=True):
            made.join_proxy(proxy)
            made.join_launcher(launcher)
        yield made


def fill(state: Path, namespaces: int, peers: int, address: str) -> None:
    """Write the database that an admin leaves after it has created so many namespaces for peers at an address."""
    spans, launchers = divide(_proxies(peers)), _launchers(peers)
    rows: list[Peer | Namespace | Placement] = [
        *(_peer(PeerKey(Kind.PROXY, proxy), address, span) for proxy, span in spans.items()),
        *(_peer(PeerKey(Kind.LAUNCHER, launcher), address, None) for launcher in launchers),
    ]
    made = [_namespace(_name(number), launchers[number % peers], spans) for number in range(namespaces)]
    rows += made
    rows += [placement for each in made for placement in _placements(each, address)]
    store = Store(state)
    store.save(list(map(Put, rows)), last_version=1)
    store.close()


def _stack(state: Path) -> Stack:
    command = (sys.executable, "-m", "prism_stack.admin", "--listen", "{control}", "--state", state)
    service = Service(
        name="admin", command=command, ports={"control": FREE}, ready=Notify(), start_seconds=START_SECONDS
    )
    return Stack(name="admin", services=(service,))


def _peer(key: PeerKey, address: str, span: Range | None) -> Peer:
    return Peer(key=key, address=address, control_address=address, heartbeat=NEVER_SILENT, span=span)


def _namespace(name: str, launcher: str, spans: dict[str, Range]) -> Namespace:
    partition = partition_of(name)
    return Namespace(
        name=name,
        partition=partition,
        config=CONFIG.SerializeToString(deterministic=True),
        patterns=(PATTERN,),
        proxy_id=str(owner_of(partition, spans)),
        launcher_id=launcher,
        phase=Phase.ACTIVE,
        version=1,
        created_at_millis=1,
    )


def _placements(namespace: Namespace, address: str) -> list[Placement]:
    """Return what its proxy and its launcher hold, and have acknowledged."""
    known = f"{namespace.proxy_id}={address}"
    proxy = PlacementKey(PeerKey(Kind.PROXY, namespace.proxy_id), namespace.name)
    launcher = PlacementKey(PeerKey(Kind.LAUNCHER, namespace.launcher_id), namespace.process_ids[0])
    return [
        Placement(key=key, namespace=namespace.name, version=1, acknowledged=True, proxies=proxies)
        for key, proxies in ((proxy, ""), (launcher, known))
    ]


def _proxies(count: int) -> list[str]:
    return [f"p{number:03}" for number in range(count)]


def _launchers(count: int) -> list[str]:
    return [f"l{number:03}" for number in range(count)]


def _name(number: int) -> str:
    return f"ns-{number:05}"


def _millis(span: timedelta) -> str:
    return str(span // timedelta(milliseconds=1))
