"""Every field of every message that the admin takes: a malformed one is named, and nothing has changed."""

# ruff: noqa: ANN401, S105, S106 - fields of any kind are passed on; tokens and credentials here are none

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from prism.admin.admin_pb2 import (
    DESCRIPTOR as ADMIN,
    DeleteNamespaceRequest,
    GetNamespaceRequest,
    ListLaunchersRequest,
    ListNamespacesRequest,
    ListProxiesRequest,
)
from prism.control_plane_pb2 import (
    DESCRIPTOR as CONTROL_PLANE,
    AuthConfig,
    BackendConfig,
    CreateNamespaceRequest,
    LauncherHeartbeatRequest,
    LauncherRegistration,
    LauncherResourceUsage,
    NamespaceAssignment,
    NamespaceConfig,
    NamespaceHealth,
    NamespaceRevocation,
    PatternConfig,
    ProcessAssignment,
    ProcessHealth,
    ProcessRevocation,
    ProxyHeartbeat,
    ProxyRegistration,
    ResourceUsage,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.protobuf.descriptor import Descriptor
    from google.protobuf.message import Message
    from tests.integration.prism_admin.conftest import Admin

    from prism_stack.admin.testing import ScriptedPeer

LONG = "x" * 5000
HERE = "127.0.0.1:1"


def proxy_with(**fields: Any) -> ProxyRegistration:
    """Return a registration that is right but for some fields."""
    return ProxyRegistration(**{"proxy_id": "p9", "address": HERE, **fields})


def launcher_with(**fields: Any) -> LauncherRegistration:
    """Return a registration that is right but for some fields."""
    return LauncherRegistration(**{"launcher_id": "l9", "address": HERE, **fields})


def wish_with(**config: Any) -> CreateNamespaceRequest:
    """Return a request that is right but for its configuration."""
    return CreateNamespaceRequest(namespace="new", config=NamespaceConfig(**config))


def health_with(**fields: Any) -> ProxyHeartbeat:
    """Return a heartbeat that is right but for what it says of a namespace."""
    return ProxyHeartbeat(
        proxy_id="p1", namespace_health={"orders": NamespaceHealth(**{"status": "healthy", **fields})}
    )


def process_with(**fields: Any) -> LauncherHeartbeatRequest:
    """Return a heartbeat that is right but for what it says of a process."""
    return LauncherHeartbeatRequest(
        launcher_id="l1", process_health={"ns:a:b": ProcessHealth(**{"status": "running", **fields})}
    )


BACKEND = BackendConfig(backend_type="memstore")
MALFORMED: list[tuple[Message, str]] = [
    (proxy_with(proxy_id=""), "proxy_id"),
    (proxy_with(proxy_id="a b"), "proxy_id"),
    (proxy_with(proxy_id="x" * 129), "proxy_id"),
    (proxy_with(proxy_id="p\n1"), "proxy_id"),
    (proxy_with(address=""), "address"),
    (proxy_with(address="here"), "address"),
    (proxy_with(address="127.0.0.1:0"), "address"),
    (proxy_with(address="127.0.0.1:65536"), "address"),
    (proxy_with(address="127.0.0.1:99999999999999999999"), "address"),
    (proxy_with(address="unix:/tmp/socket:1"), "address"),
    (proxy_with(region=LONG), "region"),
    (proxy_with(version="1\0"), "version"),
    (proxy_with(capabilities=["a", "a"]), "capabilities"),
    (proxy_with(capabilities=[""]), "capabilities[0]"),
    (proxy_with(metadata={"": "a"}), "metadata"),
    (proxy_with(metadata={"a": LONG}), "metadata[a]"),
    (proxy_with(metadata={"control_address": "nowhere"}), "metadata[control_address]"),
    (proxy_with(metadata={"heartbeat_interval_ms": "0"}), "metadata[heartbeat_interval_ms]"),
    (proxy_with(metadata={"heartbeat_interval_ms": "-5"}), "metadata[heartbeat_interval_ms]"),
    (proxy_with(metadata={"heartbeat_interval_ms": "99999999"}), "metadata[heartbeat_interval_ms]"),
    (launcher_with(launcher_id=""), "launcher_id"),
    (launcher_with(launcher_id="/"), "launcher_id"),
    (launcher_with(address=""), "address"),
    (launcher_with(address=":1"), "address"),
    (launcher_with(region=LONG), "region"),
    (launcher_with(version=LONG), "version"),
    (launcher_with(capabilities=["a", "b", "a"]), "capabilities"),
    (launcher_with(max_processes=-1), "max_processes"),
    (launcher_with(process_types=["pattern", "pattern"]), "process_types"),
    (launcher_with(metadata={"heartbeat_interval_ms": "soon"}), "metadata[heartbeat_interval_ms]"),
    (ProxyHeartbeat(), "proxy_id"),
    (ProxyHeartbeat(proxy_id="p1", timestamp=-1), "timestamp"),
    (ProxyHeartbeat(proxy_id="p1", resources=ResourceUsage(cpu_percent=-1)), "resources.cpu_percent"),
    (ProxyHeartbeat(proxy_id="p1", resources=ResourceUsage(cpu_percent=float("nan"))), "resources.cpu_percent"),
    (ProxyHeartbeat(proxy_id="p1", resources=ResourceUsage(cpu_percent=float("inf"))), "resources.cpu_percent"),
    (ProxyHeartbeat(proxy_id="p1", resources=ResourceUsage(memory_mb=-1)), "resources.memory_mb"),
    (ProxyHeartbeat(proxy_id="p1", resources=ResourceUsage(goroutine_count=-1)), "resources.goroutine_count"),
    (ProxyHeartbeat(proxy_id="p1", resources=ResourceUsage(uptime_seconds=-1)), "resources.uptime_seconds"),
    (ProxyHeartbeat(proxy_id="p1", namespace_health={"A": NamespaceHealth(status="healthy")}), "namespace_health key"),
    (health_with(status=""), "namespace_health[orders].status"),
    (health_with(status="splendid"), "namespace_health[orders].status"),
    (health_with(active_sessions=-1), "namespace_health[orders].active_sessions"),
    (health_with(requests_per_second=-1), "namespace_health[orders].requests_per_second"),
    (LauncherHeartbeatRequest(), "launcher_id"),
    (LauncherHeartbeatRequest(launcher_id="l1", timestamp=-1), "timestamp"),
    (process_with(status=""), "process_health[ns:a:b].status"),
    (process_with(status="dancing"), "process_health[ns:a:b].status"),
    (process_with(pid=-1), "process_health[ns:a:b].pid"),
    (process_with(restart_count=-1), "process_health[ns:a:b].restart_count"),
    (process_with(error_count=-1), "process_health[ns:a:b].error_count"),
    (process_with(memory_mb=-1), "process_health[ns:a:b].memory_mb"),
    (process_with(uptime_seconds=-1), "process_health[ns:a:b].uptime_seconds"),
    (process_with(last_error=LONG), "process_health[ns:a:b].last_error"),
    (process_with(last_error="\x1b[2J"), "process_health[ns:a:b].last_error"),
    (process_with(cpu_percent=-0.5), "process_health[ns:a:b].cpu_percent"),
    (process_with(cpu_percent=float("nan")), "process_health[ns:a:b].cpu_percent"),
    (process_with(cpu_percent=float("inf")), "process_health[ns:a:b].cpu_percent"),
    (
        LauncherHeartbeatRequest(launcher_id="l1", process_health={"": ProcessHealth(status="running")}),
        "process_health",
    ),
    (
        LauncherHeartbeatRequest(launcher_id="l1", process_health={LONG: ProcessHealth(status="running")}),
        "process_health key",
    ),
    *(
        (LauncherHeartbeatRequest(launcher_id="l1", resources=LauncherResourceUsage(**{name: -1})), f"resources.{name}")
        for name in ("process_count", "max_processes", "total_memory_mb", "cpu_percent", "available_slots")
    ),
    (CreateNamespaceRequest(), "namespace"),
    (CreateNamespaceRequest(namespace="Orders"), "namespace"),
    (CreateNamespaceRequest(namespace="-orders"), "namespace"),
    (CreateNamespaceRequest(namespace="x" * 64), "namespace"),
    (CreateNamespaceRequest(namespace="orders/../x"), "namespace"),
    (CreateNamespaceRequest(namespace="new", requesting_proxy="a b"), "requesting_proxy"),
    (CreateNamespaceRequest(namespace="new", principal=LONG), "principal"),
    (wish_with(backends={"": BACKEND}), "config.backends"),
    (wish_with(backends={"a": BackendConfig()}), "config.backends[a].backend_type"),
    (
        wish_with(backends={"a": BackendConfig(backend_type="redis", connection_string=LONG)}),
        "config.backends[a].connection_string",
    ),
    (
        wish_with(backends={"a": BackendConfig(backend_type="redis", credentials={"": "x"})}),
        "config.backends[a].credentials",
    ),
    (
        wish_with(backends={"a": BackendConfig(backend_type="redis", options={"a": "\x07"})}),
        "config.backends[a].options[a]",
    ),
    (wish_with(patterns={"a": PatternConfig()}), "config.patterns[a].pattern_name"),
    (wish_with(patterns={"a": PatternConfig(pattern_name="a:b")}), "config.patterns[a].pattern_name"),
    (
        wish_with(patterns={name: PatternConfig(pattern_name="keyvalue") for name in "ab"}),
        "config.patterns[b].pattern_name",
    ),
    (wish_with(patterns={str(number): PatternConfig(pattern_name=f"p{number}") for number in range(17)}), "patterns"),
    (
        wish_with(patterns={"a": PatternConfig(pattern_name="a", settings={"prism.proxies": "x"})}),
        "config.patterns[a].settings[prism.proxies]",
    ),
    (
        wish_with(patterns={"a": PatternConfig(pattern_name="a", required_interfaces=["b", "b"])}),
        "config.patterns[a].required_interfaces",
    ),
    (wish_with(patterns={"": PatternConfig(pattern_name="a")}), "config.patterns"),
    (wish_with(metadata={"": "a"}), "config.metadata"),
    (wish_with(auth=AuthConfig(enabled=True)), "config.auth.provider"),
    (wish_with(auth=AuthConfig(options={"": "a"})), "config.auth.options"),
    (wish_with(metadata={str(number): "x" * 4000 for number in range(70)}), "config: its size"),
    (ListNamespacesRequest(page_size=-1), "page_size"),
    (ListNamespacesRequest(page_size=1001), "page_size"),
    (ListNamespacesRequest(page_token="No Such"), "page_token"),
    (GetNamespaceRequest(), "namespace"),
    (GetNamespaceRequest(namespace="A"), "namespace"),
    (DeleteNamespaceRequest(), "namespace"),
    (DeleteNamespaceRequest(namespace="orders", graceful_timeout_seconds=-1), "graceful_timeout_seconds"),
    (DeleteNamespaceRequest(namespace="orders", graceful_timeout_seconds=31), "graceful_timeout_seconds"),
]


def call(admin: Admin, request: Message) -> Any:
    """Make the call that takes a request of this type."""
    method = {
        ProxyRegistration: admin.control.RegisterProxy,
        LauncherRegistration: admin.control.RegisterLauncher,
        ProxyHeartbeat: admin.control.Heartbeat,
        LauncherHeartbeatRequest: admin.control.LauncherHeartbeat,
        CreateNamespaceRequest: admin.control.CreateNamespace,
        ListNamespacesRequest: admin.people.ListNamespaces,
        GetNamespaceRequest: admin.people.GetNamespace,
        DeleteNamespaceRequest: admin.people.DeleteNamespace,
        NamespaceAssignment: admin.control.AssignNamespace,
        NamespaceRevocation: admin.control.RevokeNamespace,
        ProcessAssignment: admin.control.AssignProcess,
        ProcessRevocation: admin.control.RevokeProcess,
    }[type(request)]
    return method(request, timeout=10)  # type: ignore[operator]


TAKEN = (
    ProxyRegistration,
    LauncherRegistration,
    ProxyHeartbeat,
    LauncherHeartbeatRequest,
    CreateNamespaceRequest,
    ListNamespacesRequest,
    GetNamespaceRequest,
    DeleteNamespaceRequest,
    ListProxiesRequest,
    ListLaunchersRequest,
)
"""Every message that the admin takes; what it answers UNIMPLEMENTED it does not take."""
NOTHING_WRONG = {"CreateNamespaceRequest: config.auth.enabled"}
"""Fields of which every value makes sense: a flag."""


def fields_of(descriptor: Descriptor, prefix: str = "") -> Iterator[str]:
    """Yield the path of every field of a message, and of the messages in it; a map stands for its keys too."""
    for field in descriptor.fields:
        path = f"{prefix}{field.name}"
        kind = field.message_type
        is_map = bool(kind and kind.GetOptions().map_entry)
        value = kind.fields_by_name["value"].message_type if kind and is_map else kind
        if value is None or is_map:
            yield path
        if value:
            yield from fields_of(value, f"{path}.")


def test_the_table_has_every_field_of_every_message() -> None:
    """A new field needs a row; whoever adds one decides what is wrong with it."""
    judged = {(type(request), path_in(field)) for request, field in MALFORMED}
    missing = {
        f"{message.__name__}: {path}"
        for message in TAKEN
        for path in fields_of(message.DESCRIPTOR)
        if (message, path) not in judged
    }

    assert missing == NOTHING_WRONG


def test_the_table_has_every_message() -> None:
    """A new call needs rows for what it takes, or says that peers serve it."""
    services = (*CONTROL_PLANE.services_by_name.values(), *ADMIN.services_by_name.values())
    served = {method.input_type.name for service in services for method in service.methods}
    elsewhere = (NamespaceAssignment, NamespaceRevocation, ProcessAssignment, ProcessRevocation)

    assert served == {message.DESCRIPTOR.name for message in (*TAKEN, *elsewhere)}


def path_in(named: str) -> str:
    """Return the path of a field as its descriptors have it: without keys, indices and further words."""
    return re.sub(r"\[[^]]*]|[: ].*", "", named)


def test_every_malformed_field_is_named_and_changes_nothing(
    admin: Admin, proxy: ScriptedPeer, launcher: ScriptedPeer
) -> None:
    """All of them at one admin, so that none leaves it unable to judge the next."""
    admin.create("orders")
    before = state_of(admin)
    wrong = [(field, answer) for request, field in MALFORMED if (answer := refusal(admin, request, field))]

    assert wrong == []
    assert state_of(admin) == before
    assert (set(proxy.held), set(launcher.held)) == ({"orders"}, {"ns:orders:keyvalue"})


def refusal(admin: Admin, request: Message, field: str) -> str:
    """Return what was answered other than INVALID_ARGUMENT with the field's name, or nothing."""
    try:
        answer = call(admin, request)
    except grpc.RpcError as error:
        named = error.code() is grpc.StatusCode.INVALID_ARGUMENT and field in (error.details() or "")
        return "" if named else f"{error.code()}: {error.details()}"
    return f"accepted: {answer}"


def state_of(admin: Admin) -> list[str]:
    """Return everything that people see, but for when peers were last heard."""
    launchers = admin.people.ListLaunchers(ListLaunchersRequest()).launchers
    proxies = admin.proxies().values()
    for peer in (*launchers, *proxies):
        peer.last_heartbeat_millis = 0
    return [str(each) for each in (*admin.namespaces().values(), *proxies, *launchers)]


@pytest.mark.parametrize(
    "request_",
    [
        GetNamespaceRequest(namespace="nowhere"),
        DeleteNamespaceRequest(namespace="nowhere"),
        CreateNamespaceRequest(namespace="new", requesting_proxy="nobody"),
    ],
    ids=["get", "delete", "create"],
)
def test_what_is_not_known_is_not_found(
    admin: Admin, proxy: ScriptedPeer, launcher: ScriptedPeer, request_: Message
) -> None:
    """An unknown namespace, or an unknown proxy that asks."""
    del proxy, launcher
    with pytest.raises(grpc.RpcError) as refused:
        call(admin, request_)

    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize(
    "request_", [NamespaceAssignment(), NamespaceRevocation(), ProcessAssignment(), ProcessRevocation()]
)
def test_what_peers_serve_is_unimplemented_here(admin: Admin, request_: Message) -> None:
    """The answer says who serves it."""
    with pytest.raises(grpc.RpcError) as refused:
        call(admin, request_)

    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert "serves" in (refused.value.details() or "")


def test_credentials_are_told_to_peers_and_never_shown(
    admin: Admin, proxy: ScriptedPeer, launcher: ScriptedPeer
) -> None:
    """People see that there are some."""
    secret = BackendConfig(backend_type="redis", credentials={"password": "hunter2"})
    admin.create("orders", config=NamespaceConfig(backends={"main": secret}))

    told = launcher.await_told("AssignProcess", "ns:orders:keyvalue").request
    assert told.config.pattern.slots["main"].credentials["password"] == "hunter2"
    assert proxy.await_told("AssignNamespace", "orders").request.config.backends["main"].credentials
    assert "hunter2" not in str(admin.namespaces()["orders"])


def test_namespaces_are_listed_in_pages(admin: Admin, proxy: ScriptedPeer, launcher: ScriptedPeer) -> None:
    """By name, each once, until there is no token any more."""
    del proxy, launcher
    for name in ("c", "a", "e", "b", "d"):
        admin.create(name)
    seen: list[list[str]] = []
    token = ""
    while not seen or token:
        page = admin.people.ListNamespaces(ListNamespacesRequest(page_size=2, page_token=token))
        seen.append([each.namespace for each in page.namespaces])
        token = page.next_page_token

    assert seen == [["a", "b"], ["c", "d"], ["e"]]
