"""What is to run, as somebody wished it: by hand, or the admin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from prism_stack.launcher.manifest import Isolation

MEMSTORE = "memstore"
BY_HAND = 0
"""The version of what a person launched: the admin's begin with the time, in milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """A proxy to register with."""

    id: str
    address: str
    """Its control port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One process that is to run."""

    process_id: str
    pattern: str
    namespace: str = ""
    """Empty for a process that all namespaces share."""
    port: int = 0
    """The one that it shall serve at; 0 for a free one."""
    config: Mapping[str, Any] = field(default_factory=dict)
    """What it is handed with its handshake: `backend` and `backend_config`."""
    proxies: tuple[Proxy, ...] = ()
    """The owner of the namespace first."""
    grace: float | None = None
    """Seconds that it gets for its end, where whoever ends it says nothing; None for the launcher's own."""
    version: int = BY_HAND

    @property
    def is_shared(self) -> bool:
        """Whether all namespaces share it."""
        return not self.namespace

    @property
    def outlives(self) -> bool:
        """Whether its data is kept where it stays when the process ends."""
        return bool(self.config.get("backend", MEMSTORE) != MEMSTORE)

    @property
    def is_assigned(self) -> bool:
        """Whether the admin wishes it."""
        return self.version != BY_HAND

    def runs_as(self, other: Wish) -> bool:
        """Say whether a process that was started for the other wish serves this one without being started again."""
        return (self.pattern, self.namespace, self.port, self.config) == (
            other.pattern,
            other.namespace,
            other.port,
            other.config,
        )

    def same_content(self, other: Wish) -> bool:
        """Say whether the two wish the same, whatever their versions."""
        return self.runs_as(other) and self.proxies == other.proxies


def process_id(isolation: Isolation, pattern: str, namespace: str) -> str:
    """Return the id of the process that serves a pattern."""
    return f"shared:{pattern}" if isolation is Isolation.NONE else f"ns:{namespace}:{pattern}"
