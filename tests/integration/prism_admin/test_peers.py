"""Proxies and launchers that join, fall silent, come back and leave: what moves, and what is only reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import pytest

from prism.admin.admin_pb2 import ListLaunchersRequest
from prism.control_plane_pb2 import LauncherHeartbeatRequest, ProcessHealth, ProxyHeartbeat, ProxyRegistration
from prism_stack.admin.partitions import divide, owner_of, partition_of
from ziggurat import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.prism_admin.conftest import Admin

    from prism_stack.admin.testing import ScriptedPeer

NAMES = [f"n{number}" for number in range(12)]
SILENCE = {"heartbeat_interval_ms": "100"}
"""Of a peer that is unhealthy after 300 ms."""


def owned(proxy_id: str, *proxies: str) -> set[str]:
    """Return which of the names a proxy serves among others."""
    return {name for name in NAMES if owner_of(partition_of(name), divide(proxies)) == proxy_id}


def test_a_proxy_learns_its_range_and_what_it_moves(
    admin: Admin, proxy: ScriptedPeer, peers: Callable[..., ScriptedPeer]
) -> None:
    """One proxy has all partitions; the second gets half, and the answer counts what that moves."""
    del proxy
    ack = admin.register_proxy("p2", peers())

    assert [(span.start, span.end) for span in ack.partition_ranges] == [(128, 255)]
    assert ack.message == "partitions 128 to 255; 128 of 256 partitions and 0 namespaces move"
    spans = {name: list(each.partition_ranges) for name, each in admin.proxies().items()}
    assert [(spans[name][0].start, spans[name][0].end) for name in ("p1", "p2")] == [(0, 127), (128, 255)]


def test_namespaces_move_to_a_proxy_that_joins_and_leave_the_other_after_that(
    admin: Admin, proxy: ScriptedPeer, launcher: ScriptedPeer, peers: Callable[..., ScriptedPeer]
) -> None:
    """Each is held by one proxy in the end; the old one lets go only after the new one's yes."""
    for name in NAMES:
        admin.create(name)
    second = peers()
    admin.register_proxy("p2", second)

    second.await_held(*owned("p2", "p1", "p2"))
    proxy.await_held(*owned("p1", "p1", "p2"))
    wait_until(lambda: {each.status for each in admin.namespaces().values()} == {"active"}, seconds=5, what="active")
    told = launcher.await_told("AssignProcess", f"ns:{min(owned('p2', 'p1', 'p2'))}:keyvalue", times=2)
    assert f"p2={second.address}" in told.request.config.pattern.settings["prism.proxies"]


def test_a_silent_proxys_namespaces_move_and_go_back_when_it_returns(
    admin: Admin, proxy: ScriptedPeer, launcher: ScriptedPeer, peers: Callable[..., ScriptedPeer]
) -> None:
    """Nothing is there twice in the end: the proxy that came back has its own, the other has let go."""
    del launcher
    second = peers()
    admin.register_proxy("p2", second, **SILENCE)
    for name in NAMES:
        admin.create(name)
        admin.beat_proxy("p2")

    proxy.await_held(*NAMES)
    assert admin.proxies()["p2"].status == "unhealthy"
    assert {each.proxy_id for each in admin.namespaces().values()} == {"p1"}

    admin.register_proxy("p2", second)
    second.await_held(*owned("p2", "p1", "p2"))
    proxy.await_held(*owned("p1", "p1", "p2"))


def test_without_another_proxy_a_silent_ones_namespaces_are_reported(
    admin: Admin, launcher: ScriptedPeer, peers: Callable[..., ScriptedPeer]
) -> None:
    """They stay where they are, as failed with the reason; a heartbeat brings them back."""
    del launcher
    only = peers()
    admin.register_proxy("p1", only, **SILENCE)
    admin.create("orders")
    wait_until(lambda: admin.namespaces()["orders"].status == "failed", seconds=5, what="a failed namespace")
    shown = admin.namespaces()["orders"]
    assert shown.reason == "proxy p1 is unhealthy, and no other is healthy"
    with pytest.raises(grpc.RpcError, match="no healthy proxy"):
        admin.create("more")

    assert admin.beat_proxy("p1", "orders").success
    assert admin.namespaces()["orders"].status == "active"
    assert only.verbs("orders") == ["AssignNamespace"]


def test_a_silent_launcher_is_reported_and_its_processes_stay_where_they_are(
    admin: Admin, proxy: ScriptedPeer, peers: Callable[..., ScriptedPeer]
) -> None:
    """Its runners may well live: another launcher gets them only when it is given up."""
    del proxy
    first, second = peers(), peers()
    admin.register_launcher("l1", first, metadata=SILENCE)
    admin.create("orders")
    wait_until(lambda: "silent" in admin.namespaces()["orders"].reason, seconds=5, what="a report")
    assert admin.namespaces()["orders"].status == "active"

    admin.register_launcher("l2", second)
    second.await_held("ns:orders:keyvalue")
    assert admin.namespaces()["orders"].launcher_id == "l2"


def test_a_launcher_that_was_given_up_and_comes_back_stops_what_runs_elsewhere_now(
    admin: Admin, proxy: ScriptedPeer, peers: Callable[..., ScriptedPeer]
) -> None:
    """And leaves alone what a person started there."""
    del proxy
    first, second = peers(), peers()
    admin.register_launcher("l1", first, metadata=SILENCE)
    admin.create("orders")
    admin.register_launcher("l2", second)
    second.await_held("ns:orders:keyvalue")

    assert admin.beat_launcher("l1").message == "register again"
    admin.register_launcher("l1", first)
    running = ProcessHealth(status="running")
    for _ in range(2):
        admin.beat_launcher("l1", ns_orders_keyvalue=running, shared_keyvalue=running, ns_mine_keyvalue=running)
    first.await_told("RevokeProcess", "ns:orders:keyvalue")
    assert [each.item for each in first.told if each.verb == "RevokeProcess"] == ["ns:orders:keyvalue"]


def test_a_proxy_that_lost_a_namespace_is_told_again(admin: Admin, proxy: ScriptedPeer, launcher: ScriptedPeer) -> None:
    """Two heartbeats in a row that lack it are believed; it comes in the same version."""
    del launcher
    admin.create("one")
    admin.create("two")
    version = proxy.held["one"]
    for _ in range(2):
        admin.beat_proxy("p1", "two")

    assert proxy.await_told("AssignNamespace", "one", times=2).version == version
    assert proxy.verbs("two") == ["AssignNamespace"]


def test_a_proxy_with_a_namespace_that_is_not_its_own_is_told_to_let_go(admin: Admin, proxy: ScriptedPeer) -> None:
    """It may have missed a revocation while it was away."""
    for _ in range(2):
        admin.beat_proxy("p1", "stray")

    proxy.await_told("RevokeNamespace", "stray")


def test_a_peer_that_registers_again_gets_all_it_is_to_hold_and_nothing_twice(
    admin: Admin, proxy: ScriptedPeer, launcher: ScriptedPeer, peers: Callable[..., ScriptedPeer]
) -> None:
    """Also when it comes back somewhere else: the next telling goes there."""
    admin.create("orders")
    moved = peers()
    ack = admin.register_launcher("l1", moved)
    assert [each.process_id for each in ack.initial_processes] == ["ns:orders:keyvalue"]
    again = admin.register_proxy("p1", proxy)
    assert [each.namespace for each in again.initial_namespaces] == ["orders"]

    admin.create("more")
    assert moved.verbs("ns:more:keyvalue") == ["AssignProcess"]
    assert launcher.verbs("ns:more:keyvalue") == []
    assert len(admin.people.ListLaunchers(ListLaunchersRequest()).launchers) == 1


def test_a_heartbeat_of_an_unknown_peer_asks_it_to_register(admin: Admin) -> None:
    """In-band, as the contract has it."""
    proxy = admin.control.Heartbeat(ProxyHeartbeat(proxy_id="nobody"))
    launcher = admin.control.LauncherHeartbeat(LauncherHeartbeatRequest(launcher_id="nobody"))

    assert [(each.success, each.message) for each in (proxy, launcher)] == [(False, "register again")] * 2


def test_more_proxies_than_partitions_are_refused(admin: Admin) -> None:
    """The 257th is told the limit, and the ranges stay."""
    for number in range(256):
        admin.control.RegisterProxy(ProxyRegistration(proxy_id=f"p{number:03}", address="127.0.0.1:1"))
    with pytest.raises(grpc.RpcError) as refused:
        admin.control.RegisterProxy(ProxyRegistration(proxy_id="p256", address="127.0.0.1:1"))

    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "at most 256" in (refused.value.details() or "")
    assert len(admin.proxies()) == 256
