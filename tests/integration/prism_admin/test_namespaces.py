"""Namespaces: created when their peers have said yes, deleted when they have let go, and never half of either."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import grpc
import pytest

from prism.control_plane_pb2 import (
    BackendConfig,
    NamespaceAssignmentAck,
    NamespaceConfig,
    PatternConfig,
    ProcessAssignmentAck,
    ProcessHealth,
)
from ziggurat import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.prism_admin.conftest import Admin

    from prism_stack.admin.testing import ScriptedPeer, Told

PROCESS = "ns:orders:keyvalue"


def test_a_namespace_is_there_once_its_proxy_and_launcher_have_said_yes(
    admin: Admin, proxy: ScriptedPeer, launcher: ScriptedPeer
) -> None:
    """The answer names the proxy, and both peers hold the namespace by then."""
    created = admin.create("orders")

    assert (created.success, created.assigned_proxy) == (True, "p1")
    assert set(proxy.held) == {"orders"}
    assert set(launcher.held) == {PROCESS}
    assert admin.namespaces()["orders"].status == "active"


def test_a_launcher_is_told_what_to_run_and_where_its_runner_registers(
    admin: Admin, proxy: ScriptedPeer, launcher: ScriptedPeer
) -> None:
    """The pattern, its settings and the backends of the namespace come with the proxies' control addresses."""
    config = NamespaceConfig(
        backends={"main": BackendConfig(backend_type="redis", connection_string="redis://127.0.0.1:1")},
        patterns={"kv": PatternConfig(pattern_name="keyvalue", settings={"max_keys": "5"})},
    )
    admin.create("orders", config=config)

    pattern = launcher.await_told("AssignProcess", PROCESS).request.config.pattern
    assert (pattern.pattern_type, pattern.isolation_level) == ("keyvalue", "namespace")
    assert pattern.slots["main"].backend_type == "redis"
    assert dict(pattern.settings) == {"max_keys": "5", "prism.proxies": f"p1={proxy.address}"}


def test_creating_again_succeeds_with_the_same_configuration_and_not_with_another(
    admin: Admin, proxy: ScriptedPeer, launcher: ScriptedPeer
) -> None:
    """The repeat tells nobody anything."""
    admin.create("orders")
    assert admin.create("orders").assigned_proxy == "p1"
    with pytest.raises(grpc.RpcError) as refused:
        admin.create("orders", config=NamespaceConfig(metadata={"a": "b"}))

    assert refused.value.code() is grpc.StatusCode.ALREADY_EXISTS
    assert (proxy.verbs("orders"), launcher.verbs(PROCESS)) == (["AssignNamespace"], ["AssignProcess"])


@pytest.mark.parametrize("there", ["proxy", "launcher"])
def test_without_a_healthy_peer_the_refusal_names_which_is_missing(
    admin: Admin, there: str, request: pytest.FixtureRequest
) -> None:
    """A namespace needs both; nothing is left of the attempt."""
    request.getfixturevalue(there)
    with pytest.raises(grpc.RpcError) as refused:
        admin.create("orders")

    missing = {"proxy": "launcher", "launcher": "proxy"}[there]
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert refused.value.details() == f"no healthy {missing}"
    assert admin.namespaces() == {}


def test_a_peer_that_fails_is_told_again_until_it_acknowledges(
    admin: Admin, proxy: ScriptedPeer, launcher: ScriptedPeer
) -> None:
    """It is only the caller's patience that ends this; who said yes before is not told again."""
    answers = iter([grpc.StatusCode.UNAVAILABLE] * 3)
    launcher.script = lambda _: next(answers, None)

    assert admin.create("orders").success
    assert launcher.verbs(PROCESS) == ["AssignProcess"] * 4
    assert proxy.verbs("orders") == ["AssignNamespace"]


def test_a_creation_that_nobody_acknowledges_leaves_nothing(
    admin: Admin, proxy: ScriptedPeer, launcher: ScriptedPeer
) -> None:
    """It ends before its caller's deadline, says who did not answer, and the other peer lets go again."""
    launcher.script = lambda told: grpc.StatusCode.UNAVAILABLE if told.verb == "AssignProcess" else None
    began = time.monotonic()
    with pytest.raises(grpc.RpcError) as failed:
        admin.create("orders", timeout=1)

    assert time.monotonic() - began < 1
    assert failed.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert "launcher l1: UNAVAILABLE" in (failed.value.details() or "")
    assert admin.namespaces() == {}
    proxy.await_told("RevokeNamespace", "orders")
    launcher.await_told("RevokeProcess", PROCESS)
    launcher.script = lambda _: None
    assert admin.create("orders").success


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.RESOURCE_EXHAUSTED),
        (grpc.StatusCode.INTERNAL, grpc.StatusCode.FAILED_PRECONDITION),
        (ProcessAssignmentAck(success=False, message="no such pattern"), grpc.StatusCode.FAILED_PRECONDITION),
    ],
    ids=["full", "internal", "no"],
)
def test_a_launcher_that_refuses_ends_the_creation_at_once(
    admin: Admin,
    proxy: ScriptedPeer,
    launcher: ScriptedPeer,
    answer: grpc.StatusCode | ProcessAssignmentAck,
    code: grpc.StatusCode,
) -> None:
    """The caller hears who refused, and nothing of the namespace is left."""
    launcher.script = lambda told: answer if told.verb == "AssignProcess" else None
    began = time.monotonic()
    with pytest.raises(grpc.RpcError) as refused:
        admin.create("orders")

    assert time.monotonic() - began < 5
    assert refused.value.code() is code
    assert "launcher l1" in (refused.value.details() or "")
    assert admin.namespaces() == {}
    proxy.await_told("RevokeNamespace", "orders")


def test_a_full_launcher_takes_no_more(admin: Admin, proxy: ScriptedPeer, peers: Callable[..., ScriptedPeer]) -> None:
    """`max_processes` holds, and the refusal names it."""
    del proxy
    admin.register_launcher("l1", peers(), max_processes=1)
    admin.create("one")
    with pytest.raises(grpc.RpcError) as refused:
        admin.create("two")

    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "max_processes" in (refused.value.details() or "")
    assert set(admin.namespaces()) == {"one"}


def test_many_callers_of_one_name_get_one_namespace(admin: Admin, proxy: ScriptedPeer, launcher: ScriptedPeer) -> None:
    """All succeed, and each peer is told once."""
    with ThreadPoolExecutor(8) as pool:
        created = list(pool.map(lambda _: admin.create("orders").success, range(8)))

    assert created == [True] * 8
    assert (proxy.verbs("orders"), launcher.verbs(PROCESS)) == (["AssignNamespace"], ["AssignProcess"])


def test_deleting_takes_routes_then_processes_then_says_how_many_keys_went(
    admin: Admin, proxy: ScriptedPeer, launcher: ScriptedPeer
) -> None:
    """The process goes after the routes, with an order to take its keys along."""
    order: list[str] = []

    def note(told: Told) -> None:
        order.append(told.verb)

    admin.create("orders")
    proxy.script = launcher.script = note
    launcher.trailing = (("x-prism-keys-removed", "7"),)

    assert admin.delete("orders").keys_removed == 7
    assert order == ["RevokeNamespace", "RevokeProcess"]
    assert launcher.told[-1].metadata["x-prism-purge"] == "1"
    assert (admin.namespaces(), proxy.held, launcher.held) == ({}, {}, {})


def test_deleting_waits_for_a_launcher_that_is_away_and_tells_so(
    admin: Admin, proxy: ScriptedPeer, launcher: ScriptedPeer
) -> None:
    """The status is `deleting` meanwhile, with the reason; a repeat of the call sees the end."""
    del proxy
    admin.create("orders")
    launcher.script = lambda _: grpc.StatusCode.UNAVAILABLE
    with pytest.raises(grpc.RpcError) as late:
        admin.delete("orders", timeout=1)
    assert late.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    shown = admin.namespaces()["orders"]
    assert shown.status == "deleting"
    assert "waiting for launcher l1" in shown.reason

    launcher.script = lambda _: None
    admin.delete("orders")
    assert admin.namespaces() == {}


def test_a_name_can_be_used_again_at_once(admin: Admin, proxy: ScriptedPeer, launcher: ScriptedPeer) -> None:
    """Each life of a namespace has a higher version than the one before."""
    admin.create("orders")
    before = proxy.held["orders"]
    admin.delete("orders")
    admin.create("orders", config=NamespaceConfig(metadata={"a": "b"}))

    assert proxy.held["orders"] > before
    assert set(launcher.held) == {PROCESS}


def test_a_process_that_failed_is_told_with_the_reason(
    admin: Admin, proxy: ScriptedPeer, launcher: ScriptedPeer
) -> None:
    """What a launcher's heartbeat says of a process is the status of its namespace."""
    del proxy, launcher
    admin.create("orders")
    admin.beat_launcher("l1", ns_orders_keyvalue=ProcessHealth(status="failed", last_error="breaker open"))
    shown = admin.namespaces()["orders"]
    assert (shown.status, shown.reason) == ("failed", "breaker open")

    admin.beat_launcher("l1", ns_orders_keyvalue=ProcessHealth(status="running"))
    assert admin.namespaces()["orders"].status == "active"


def test_a_late_answer_to_an_older_version_changes_nothing(
    admin: Admin, proxy: ScriptedPeer, launcher: ScriptedPeer
) -> None:
    """A refusal that arrives when the creation is over is not taken for one of the next."""
    slow = iter([NamespaceAssignmentAck(success=False, message="late")])

    def linger(told: Told) -> NamespaceAssignmentAck | None:
        if told.verb != "AssignNamespace" or not (answer := next(slow, None)):
            return None
        wait_until(lambda: not admin.namespaces(), seconds=5, what="the end of the first creation")
        return answer

    proxy.script = linger
    with pytest.raises(grpc.RpcError):
        admin.create("orders", timeout=0.7)

    assert admin.create("orders").success
    assert set(launcher.held) == {PROCESS}
