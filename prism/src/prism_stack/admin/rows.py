"""Rows of the database and the values that they are."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from prism_stack.admin.changes import Row
from prism_stack.admin.model import Kind, Namespace, Pattern, Peer, PeerKey, Phase, Placement, PlacementKey
from prism_stack.admin.partitions import Range

MILLISECOND = timedelta(milliseconds=1)

SCHEMA = """
CREATE TABLE counter (last_version INTEGER NOT NULL) STRICT;
INSERT INTO counter VALUES (0);
CREATE TABLE peers (
    kind TEXT NOT NULL, id TEXT NOT NULL, address TEXT NOT NULL, control_address TEXT NOT NULL, version TEXT NOT NULL,
    heartbeat_millis INTEGER NOT NULL, max_processes INTEGER NOT NULL, process_types TEXT NOT NULL,
    first_partition INTEGER, last_partition INTEGER, gone INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE namespaces (
    name TEXT NOT NULL PRIMARY KEY, partition INTEGER NOT NULL, config BLOB NOT NULL, patterns TEXT NOT NULL,
    proxy_id TEXT NOT NULL, launcher_id TEXT NOT NULL, phase TEXT NOT NULL, version INTEGER NOT NULL,
    created_at_millis INTEGER NOT NULL, grace_millis INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE placements (
    kind TEXT NOT NULL, peer_id TEXT NOT NULL, item TEXT NOT NULL, namespace TEXT NOT NULL, version INTEGER NOT NULL,
    wanted INTEGER NOT NULL, acknowledged INTEGER NOT NULL, purge INTEGER NOT NULL, proxies TEXT NOT NULL,
    PRIMARY KEY (kind, peer_id, item)
) STRICT, WITHOUT ROWID;
"""
MIGRATIONS = (SCHEMA,)
"""Each takes a database from the version of its index to the next; none is ever changed."""

PUT: dict[type, str] = {
    Peer: "INSERT OR REPLACE INTO peers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    Namespace: "INSERT OR REPLACE INTO namespaces VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    Placement: "INSERT OR REPLACE INTO placements VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
}
DROP: dict[type, str] = {
    Peer: "DELETE FROM peers WHERE kind = ? AND id = ?",
    Namespace: "DELETE FROM namespaces WHERE name = ?",
    Placement: "DELETE FROM placements WHERE kind = ? AND peer_id = ? AND item = ?",
}


def columns(row: Row) -> tuple[Any, ...]:
    """Return a value as its table holds it."""
    match row:
        case Peer(key=key, span=span):
            types = json.dumps(sorted(row.process_types))
            partitions = (span.start, span.end) if span else (None, None)
            addresses = (row.address, row.control_address)
            limits = (row.heartbeat // MILLISECOND, row.max_processes)
            return (key.kind.value, key.id, *addresses, row.version, *limits, types, *partitions, row.gone)
        case Namespace():
            patterns = json.dumps([pattern.name for pattern in row.patterns])
            where = (row.proxy_id, row.launcher_id, row.phase.value)
            numbers = (row.version, row.created_at_millis, row.grace // MILLISECOND)
            return (row.name, row.partition, row.config, patterns, *where, *numbers)
        case Placement():
            flags = (row.wanted, row.acknowledged, row.purge)
            return (*identity(row), row.namespace, row.version, *flags, row.proxies)


def identity(row: Row) -> tuple[str, ...]:
    """Return the key of a value's row."""
    match row:
        case Peer(key=key):
            return key.kind.value, key.id
        case Namespace():
            return (row.name,)
        case Placement(key=key):
            return key.peer.kind.value, key.peer.id, key.item


def peer(row: tuple[Any, ...]) -> Peer:
    """Read a row of peers."""
    kind, peer_id, address, control_address, version, heartbeat, most, types, first, last, gone = row
    return Peer(
        key=PeerKey(Kind(kind), peer_id),
        address=address,
        control_address=control_address,
        version=version,
        heartbeat=heartbeat * MILLISECOND,
        max_processes=most,
        process_types=frozenset(json.loads(types)),
        span=None if first is None else Range(first, last),
        gone=bool(gone),
    )


def namespace(row: tuple[Any, ...]) -> Namespace:
    """Read a row of namespaces."""
    name, partition, config, patterns, proxy_id, launcher_id, phase, version, created_at_millis, grace = row
    return Namespace(
        name=name,
        partition=partition,
        config=config,
        patterns=tuple(Pattern(name=pattern) for pattern in json.loads(patterns)),
        proxy_id=proxy_id,
        launcher_id=launcher_id,
        phase=Phase(phase),
        version=version,
        created_at_millis=created_at_millis,
        grace=grace * MILLISECOND,
    )


def placement(row: tuple[Any, ...]) -> Placement:
    """Read a row of placements."""
    kind, peer_id, item, of_namespace, version, wanted, acknowledged, purge, proxies = row
    return Placement(
        key=PlacementKey(PeerKey(Kind(kind), peer_id), item),
        namespace=of_namespace,
        version=version,
        wanted=bool(wanted),
        acknowledged=bool(acknowledged),
        purge=bool(purge),
        proxies=proxies,
    )
