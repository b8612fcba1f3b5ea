"""Looks on at a keeper over a connection of its own, and never waits long.

A test's own lease may be held by a thread that waits for ever, just when the report of that is wanted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ziggurat.errors import ZigguratError
from ziggurat.lease import connect

if TYPE_CHECKING:
    from pathlib import Path

    from ziggurat.lease import Lease

    Message = dict[str, Any]

PATIENCE = 2.0
"""Seconds for an answer; a keeper that runs gives it in well under a millisecond."""


class Observer:
    """Asks and hears one keeper; of one that is gone or stuck it knows nothing more."""

    def __init__(self, folder: Path, hear: Callable[[Message], None]) -> None:
        """Connect to the keeper of a run's folder; ``hear`` is called with each event, when something is asked."""
        self._lease = _connected(folder)
        self.keeper: int = self._lease.about_keeper["pid"] if self._lease else 0
        """The keeper's pid; 0 for one that did not answer."""
        if self._lease:
            self._lease.listeners.append(hear)

    def ask(self, verb: str, **facts: object) -> list[Any]:
        """Return what the keeper answers, after all that it told before was heard; nothing where it does not."""
        if self._lease is None:
            return []
        try:
            answer: list[Any] = self._lease.ask(verb, **facts)
            self._lease.drop_events()
        except ZigguratError:
            self.close()
            return []
        return answer

    def close(self) -> None:
        """Look on no more."""
        if self._lease:
            self._lease.close()
        self._lease = None


def _connected(folder: Path) -> Lease | None:
    try:
        return connect(folder, patience=PATIENCE)
    except ZigguratError:
        return None
