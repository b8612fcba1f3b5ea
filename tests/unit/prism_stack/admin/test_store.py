"""The store: what it returned from is there again, and a change that failed is not there by half."""

from __future__ import annotations

import sqlite3
import stat
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from prism_stack.admin.changes import Drop, Put
from prism_stack.admin.errors import StoreFailed
from prism_stack.admin.model import Kind, Namespace, Pattern, Peer, PeerKey, Phase, Placement, PlacementKey
from prism_stack.admin.partitions import Range
from prism_stack.admin.store import Store
from prism_stack.process.errors import CannotWork

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PEER = Peer(
    key=PeerKey(Kind.LAUNCHER, "l1"),
    address="127.0.0.1:1",
    control_address="127.0.0.1:2",
    version="1.0",
    heartbeat=timedelta(milliseconds=1500),
    max_processes=7,
    process_types=frozenset({"pattern", "proxy"}),
)
PROXY = replace(PEER, key=PeerKey(Kind.PROXY, "l1"), span=Range(0, 127), gone=True)
NAMESPACE = Namespace(
    name="orders",
    partition=9,
    config=b"\x00\xff",
    patterns=(Pattern(name="a"), Pattern(name="b")),
    proxy_id="p1",
    launcher_id="l1",
    phase=Phase.DELETING,
    version=1 << 62,
    created_at_millis=1,
    grace=timedelta(seconds=3),
)
PLACEMENT = Placement(
    key=PlacementKey(PEER.key, "ns:orders:a"),
    namespace="orders",
    version=5,
    wanted=False,
    acknowledged=True,
    purge=True,
    proxies="p1=127.0.0.1:9",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store is."""
    return tmp_path / "admin.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """An open store."""
    store = Store(path)
    yield store
    store.close()


def test_what_was_saved_is_there_again(path: Path) -> None:
    """Every field of every kind of row, and the last version."""
    first = Store(path)
    first.save([Put(row) for row in (PEER, PROXY, NAMESPACE, PLACEMENT)], 42)
    first.close()

    second = Store(path)
    contents = second.load()
    second.close()
    assert set(contents.peers) == {PEER, PROXY}
    assert (contents.namespaces, contents.placements) == ((NAMESPACE,), (PLACEMENT,))
    assert contents.last_version == 42


def test_a_row_is_replaced_and_dropped_by_its_key(store: Store) -> None:
    """A later change of one row in the same save wins."""
    store.save([Put(NAMESPACE), Put(replace(NAMESPACE, version=2)), Put(PLACEMENT), Put(PEER)], 1)
    store.save([Drop(PLACEMENT), Drop(PEER)], 2)
    contents = store.load()

    assert [each.version for each in contents.namespaces] == [2]
    assert (contents.placements, contents.peers) == ((), ())


def test_a_save_that_runs_out_of_room_leaves_nothing_and_can_be_repeated(store: Store) -> None:
    """A full file fails the whole of it, and the store goes on."""
    (pages,) = store._connection.execute("PRAGMA page_count").fetchone()
    store._connection.execute(f"PRAGMA max_page_count = {pages + 1}")
    large = replace(NAMESPACE, config=b"x" * 100_000)
    with pytest.raises(StoreFailed, match="full"):
        store.save([Put(PLACEMENT), Put(large)], 3)
    contents = store.load()
    assert (contents.namespaces, contents.placements, contents.last_version) == ((), (), 0)

    store._connection.execute("PRAGMA max_page_count = 1000000")
    store.save([Put(PLACEMENT), Put(large)], 3)
    assert store.load().namespaces == (large,)


def test_the_file_is_its_owners_alone(store: Store, path: Path) -> None:
    """Also where it was there before with more permissions, and also the files beside it."""
    store.save([Put(NAMESPACE)], 1)

    assert {stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()} == {0o600}


def test_a_file_that_others_could_read_is_taken_from_them(path: Path) -> None:
    """Its permissions are set, not only asked for."""
    path.touch(mode=0o644)
    Store(path).close()

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_second_admin_is_told_who_holds_the_file(store: Store, path: Path) -> None:
    """At once, not after SQLite's patience."""
    del store
    with pytest.raises(CannotWork, match="another prism-admin holds it"):
        Store(path)


def test_tables_of_a_newer_version_are_left_alone(path: Path) -> None:
    """An old admin does not guess."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()

    with pytest.raises(CannotWork, match="newer prism-admin"):
        Store(path)


def test_a_file_that_is_no_database_is_named(path: Path) -> None:
    """The path is the first thing to look at."""
    path.write_bytes(b"not a database at all" * 100)

    with pytest.raises(CannotWork, match=str(path)):
        Store(path)


def test_its_settings_are_those_that_durability_needs(store: Store) -> None:
    """WAL, and each commit waits for the disk."""
    settings = {name: store._connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode",)}
    settings["synchronous"] = store._connection.execute("PRAGMA synchronous").fetchone()[0]

    assert settings == {"journal_mode": "wal", "synchronous": 2}
