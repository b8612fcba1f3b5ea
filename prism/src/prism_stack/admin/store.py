"""What is known, on disk: what `save` returned from survives a `kill -9` in the middle of anything later."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from prism_stack.admin import rows
from prism_stack.admin.changes import Change, Drop, Put, Row
from prism_stack.admin.errors import StoreFailed
from prism_stack.admin.model import Namespace, Peer, Placement
from prism_stack.process.errors import CannotWork

OWNER_ONLY = 0o600
PRAGMAS = (
    # A second admin on the same file is refused, and no file is shared between processes.
    "locking_mode = EXCLUSIVE",
    "journal_mode = WAL",
    # An answer promises durability, so each commit waits for the disk.
    "synchronous = FULL",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """Everything that a store holds."""

    last_version: int
    peers: tuple[Peer, ...]
    namespaces: tuple[Namespace, ...]
    placements: tuple[Placement, ...]


class Store:
    """One SQLite file; calls come one after the other."""

    def __init__(self, path: Path) -> None:
        try:
            # SQLite gives the files beside it the same permissions.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, OWNER_ONLY))
            path.chmod(OWNER_ONLY)
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0)
        except (OSError, sqlite3.Error) as error:
            raise CannotWork(f"{path}: {_reason(error)}") from error
        try:
            self._open()
        except sqlite3.Error as error:
            self._connection.close()
            raise CannotWork(f"{path}: {_reason(error)}") from error

    def load(self) -> Contents:
        """Return everything that was saved."""
        every = self._connection.execute
        (last_version,) = every("SELECT last_version FROM counter").fetchone()
        return Contents(
            last_version=last_version,
            peers=tuple(map(rows.peer, every("SELECT * FROM peers"))),
            namespaces=tuple(map(rows.namespace, every("SELECT * FROM namespaces"))),
            placements=tuple(map(rows.placement, every("SELECT * FROM placements"))),
        )

    def save(self, changes: Sequence[Change], last_version: int) -> None:
        """Make all changes or none; raise `StoreFailed` where none was made."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._apply(changes)
            self._connection.execute("UPDATE counter SET last_version = ?", (last_version,))
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._undo()
            raise StoreFailed(error) from error

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _open(self) -> None:
        for pragma in PRAGMAS:
            self._connection.execute(f"PRAGMA {pragma}")
        # In exclusive mode the first write takes the lock for good.
        self._connection.execute("BEGIN EXCLUSIVE")
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if version > len(rows.MIGRATIONS):
            raise sqlite3.DatabaseError(f"written by a newer prism-admin (version {version} of its tables)")
        for migration in rows.MIGRATIONS[version:]:
            for statement in filter(str.strip, migration.split(";")):
                self._connection.execute(statement)
        self._connection.execute(f"PRAGMA user_version = {len(rows.MIGRATIONS)}")
        self._connection.execute("COMMIT")

    def _apply(self, changes: Sequence[Change]) -> None:
        # Neighbours of one kind go together: a move of thousands is two statements, not thousands.
        for (verb, kind), group in groupby(changes, key=lambda change: (type(change), type(change.row))):
            self._execute(verb, kind, [change.row for change in group])

    def _execute(self, verb: type[Put | Drop], kind: type[Row], group: list[Row]) -> None:
        if verb is Put:
            self._connection.executemany(rows.PUT[kind], map(rows.columns, group))
        else:
            self._connection.executemany(rows.DROP[kind], map(rows.identity, group))

    def _undo(self) -> None:
        # Some failures, such as a full disk, have rolled back already.
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


def _reason(error: Exception) -> str:
    if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_BUSY:
        return "another prism-admin holds it"
    return str(error)
