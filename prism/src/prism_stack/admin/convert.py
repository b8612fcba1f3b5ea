"""From messages to the admin's own values and back: every field of a request is judged here.

Where peers are told things: a launcher at its `address`; a proxy, whose `address` serves data, at
`metadata["control_address"]`, and at its `address` where it has no other. `metadata["heartbeat_interval_ms"]` says how
often a peer will be heard of.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta

from prism.control_plane_pb2 import (
    CreateNamespaceRequest,
    LauncherHeartbeatRequest,
    LauncherRegistration,
    NamespaceAssignment,
    NamespaceConfig,
    PartitionRange,
    PatternProcessConfig,
    ProcessAssignment,
    ProcessConfig,
    ProcessHealth as MessageOfProcess,
    ProxyHeartbeat,
    ProxyRegistration,
)
from prism_stack import redact
from prism_stack.admin.lifecycle import Wish
from prism_stack.admin.model import Kind, Namespace, Pattern, Peer, PeerKey, Placement, ProcessHealth
from prism_stack.admin.partitions import Range
from prism_stack.admin.placement import PATTERN
from prism_stack.control import fields
from prism_stack.control.agreements import CONTROL_ADDRESS, HEARTBEAT_INTERVAL, OWN_PREFIX, PROXIES_SETTING
from prism_stack.control.refusals import Malformed

LONGEST_HEARTBEAT = timedelta(hours=1)
LARGEST_CONFIG = 256 << 10
"""Bytes. Every peer of a namespace is sent its configuration in one message."""
MOST_PATTERNS = 16
NAMESPACE_STATUSES = ("healthy", "degraded", "unhealthy")
PROCESS_STATUSES = ("starting", "running", "stopping", "failed", "stopped")


def proxy(message: ProxyRegistration, heartbeat: timedelta) -> Peer:
    """Read the registration of a proxy; `heartbeat` is what is expected of one that says nothing about it."""
    fields.check(message)
    address = fields.address("address", message.address)
    control = message.metadata.get(CONTROL_ADDRESS, address)
    return Peer(
        key=PeerKey(Kind.PROXY, fields.identifier("proxy_id", message.proxy_id)),
        address=address,
        control_address=fields.address(f"metadata[{CONTROL_ADDRESS}]", control),
        version=message.version,
        heartbeat=_heartbeat(message.metadata, heartbeat),
    )


def launcher(message: LauncherRegistration, heartbeat: timedelta) -> Peer:
    """Read the registration of a launcher."""
    fields.check(message)
    address = fields.address("address", message.address)
    return Peer(
        key=PeerKey(Kind.LAUNCHER, fields.identifier("launcher_id", message.launcher_id)),
        address=address,
        control_address=address,
        version=message.version,
        heartbeat=_heartbeat(message.metadata, heartbeat),
        max_processes=message.max_processes,
        process_types=frozenset(message.process_types),
    )


def proxy_heartbeat(message: ProxyHeartbeat) -> tuple[PeerKey, frozenset[str]]:
    """Return who says that it is there, and the namespaces that it serves."""
    fields.check(message, but="namespace_health")
    for name, health in message.namespace_health.items():
        # A heartbeat may tell of thousands: what is right is seen without looking at each field by its descriptor.
        if health.status not in NAMESPACE_STATUSES or health.active_sessions < 0 or health.requests_per_second < 0:
            fields.check(health, f"namespace_health[{name}].")
            fields.word(f"namespace_health[{name}].status", health.status, NAMESPACE_STATUSES)
        fields.namespace("namespace_health key", name)
    return PeerKey(Kind.PROXY, fields.identifier("proxy_id", message.proxy_id)), frozenset(message.namespace_health)


def launcher_heartbeat(message: LauncherHeartbeatRequest) -> tuple[PeerKey, dict[str, ProcessHealth]]:
    """Return who says that it is there, and how its processes are."""
    fields.check(message, but="process_health")
    for process_id, health in message.process_health.items():
        fields.map_key("process_health", process_id)
        if not _is_right(health):
            fields.check(health, f"process_health[{process_id}].")
            fields.word(f"process_health[{process_id}].status", health.status, PROCESS_STATUSES)
    processes = {
        process_id: ProcessHealth(status=health.status, last_error=health.last_error)
        for process_id, health in message.process_health.items()
    }
    return PeerKey(Kind.LAUNCHER, fields.identifier("launcher_id", message.launcher_id)), processes


def _is_right(health: MessageOfProcess) -> bool:
    """Say whether nothing is wrong with any field: one look at each, since a heartbeat may tell of thousands."""
    numbers = (health.pid, health.restart_count, health.error_count, health.memory_mb, health.uptime_seconds)
    return (
        health.status in PROCESS_STATUSES
        and min(numbers) >= 0
        and 0 <= health.cpu_percent < math.inf
        and (not health.last_error or fields.is_text(health.last_error))
    )


def wish(message: CreateNamespaceRequest, default_pattern: str) -> Wish:
    """Read a request for a namespace; without a pattern it gets the default one."""
    fields.check(message)
    if message.requesting_proxy:
        fields.identifier("requesting_proxy", message.requesting_proxy)
    name = fields.namespace("namespace", message.namespace)
    canonical = message.config.SerializeToString(deterministic=True)
    fields.at_most("config: its size in bytes", len(canonical), LARGEST_CONFIG)
    _check_backends(message.config)
    if message.config.auth.enabled and not message.config.auth.provider:
        raise Malformed("config.auth.provider", "is missing")
    names = _pattern_names(message.config) or [default_pattern]
    patterns = tuple(Pattern(name=pattern) for pattern in sorted(names))
    return Wish(name=name, config=canonical, patterns=patterns, requesting_proxy=message.requesting_proxy)


def namespace_assignment(namespace: Namespace, placement: Placement) -> NamespaceAssignment:
    """Return what a proxy is told of a namespace."""
    return NamespaceAssignment(
        namespace=namespace.name,
        partition_id=namespace.partition,
        config=NamespaceConfig.FromString(namespace.config),
        version=placement.version,
    )


def process_assignment(namespace: Namespace, placement: Placement) -> ProcessAssignment:
    """Return what a launcher is told of a process."""
    config = NamespaceConfig.FromString(namespace.config)
    pattern = next(each for each in namespace.patterns if each.process_id(namespace.name) == placement.key.item)
    settings = {
        key: value
        for each in config.patterns.values()
        if each.pattern_name == pattern.name
        for key, value in each.settings.items()
    }
    process = PatternProcessConfig(
        pattern_type=pattern.name,
        isolation_level="namespace",
        slots=config.backends,
        settings={**settings, PROXIES_SETTING: placement.proxies},
    )
    return ProcessAssignment(
        process_id=placement.key.item,
        process_type=PATTERN,
        namespace=namespace.name,
        config=ProcessConfig(pattern=process),
        version=placement.version,
    )


def partition_range(span: Range) -> PartitionRange:
    """Return a range as it is told."""
    return PartitionRange(start=span.start, end=span.end)


def shown_config(config: bytes) -> NamespaceConfig:
    """Return a configuration as people may see it: without credentials, passwords in URLs, and secret settings."""
    shown = NamespaceConfig.FromString(config)
    for backend in shown.backends.values():
        backend.connection_string = redact.url(backend.connection_string)
        backend.options.update(redact.values(backend.options))
        for name in backend.credentials:
            backend.credentials[name] = redact.REDACTED
    for pattern in shown.patterns.values():
        pattern.settings.update(redact.values(pattern.settings))
    if shown.HasField("auth"):
        shown.auth.options.update(redact.values(shown.auth.options))
    shown.metadata.update(redact.values(shown.metadata))
    return shown


def _heartbeat(metadata: Mapping[str, str], default: timedelta) -> timedelta:
    told = metadata.get(HEARTBEAT_INTERVAL)
    if told is None:
        return default
    return fields.millis(f"metadata[{HEARTBEAT_INTERVAL}]", told, most=LONGEST_HEARTBEAT)


def _check_backends(config: NamespaceConfig) -> None:
    for name, backend in config.backends.items():
        fields.identifier(f"config.backends[{name}].backend_type", backend.backend_type)


def _pattern_names(config: NamespaceConfig) -> list[str]:
    fields.at_most("config.patterns: their number", len(config.patterns), MOST_PATTERNS)
    names: list[str] = []
    for key, pattern in sorted(config.patterns.items()):
        path = f"config.patterns[{key}]"
        name = fields.identifier(f"{path}.pattern_name", pattern.pattern_name)
        if name in names:
            raise Malformed(f"{path}.pattern_name", f"{name} is there twice")
        if own := [setting for setting in pattern.settings if setting.startswith(OWN_PREFIX)]:
            raise Malformed(f"{path}.settings[{own[0]}]", f"names that begin with {OWN_PREFIX} are the admin's")
        names.append(name)
    return names
