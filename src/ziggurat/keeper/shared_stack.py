"""One stack that several clients share, as far as the keeper knows it.

unwanted ── want ──> starting ── publish ──> ready ── a service ends, or is left standing ──> damaged
                        │                      ^                                                │ │
                        │                      └────────────── publish ─────────────────────────┘ │
                        └── refuse ──> refused <─────────────── refuse ───────────────────────────┘
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .connection import Connection

SHORTLY = 0.5  # seconds in which the end of a killed program is surely known, also on a busy machine
SUSPECTS = 3  # names of those that gave a stack back: the last ones are the likely ones


class SharedStack:
    """Its state, where its services are, and what its steward has to do."""

    def __init__(self, name: str) -> None:
        """Know a stack by its name alone."""
        self.name = name
        self.state = "unwanted"
        self.brief = ""
        self.about: dict[str, object] = {}
        self.edition = 0
        self.keys: frozenset[str] = frozenset()
        self.steward: Connection | None = None
        self.attending: Callable[[object], None] | None = None
        self.damage: dict[str, object] = {}
        self._left: list[tuple[float, str]] = []

    def publish(self, about: dict[str, object], keys: list[str]) -> None:
        """Be ready, as described."""
        self.state, self.damage = "ready", {}
        self.about, self.keys = about, frozenset(keys)
        self.edition += 1

    def move(self, services: dict[str, object]) -> None:
        """Take note of where its services are by now."""
        if services != self.about["services"]:
            self.about = {**self.about, "services": services}
            self.edition += 1

    def left(self, now: float, label: str) -> None:
        """Take note of who gave it back: a program may end a moment after the test that ended it."""
        self._left = [*(pair for pair in self._left if now - pair[0] < SHORTLY), (now, label)]

    def last(self, now: float) -> list[str]:
        """Return who gave it back shortly before; the last one, however long ago, where nobody did."""
        recent = [label for when, label in self._left if now - when < SHORTLY]
        return recent[-SUSPECTS:] or [label for _, label in self._left[-1:]]

    def work(self, *, has_holders: bool, is_over: bool) -> dict[str, object] | None:
        """Return what its steward has to do now, or None."""
        if is_over:
            return {"do": "stop", "damage": self.damage}
        if self.state == "starting":
            return {"do": "start"}
        if self.state == "damaged" and not has_holders:
            return {"do": "restore", "about": self.about, "damage": self.damage}
        return None
