"""Key-value data as callers see it: the calls, their values and their bounds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Protocol, TypeAlias

DEFAULT_NAMESPACE = "default"
NAMESPACE_PATTERN = r"[a-z0-9][a-z0-9-]{0,62}"

MAX_KEY_BYTES = 64 * 1024
MAX_TTL = timedelta(days=10 * 365)
MAX_MESSAGE_BYTES = 4 * 1024 * 1024
"""What a runner takes in one message unless it is configured otherwise."""
DEFAULT_MAX_KEYS = 10_000
"""What a namespace of the in-memory store holds unless it is configured otherwise."""


class Lasting(Enum):
    """How long a key will be there, where that is no time."""

    MISSING = -2
    FOREVER = -1


Remaining: TypeAlias = timedelta | Lasting
"""How long a key will be there: whole seconds, rounded up, or one of the two cases without a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemResult:
    """What became of one item of a batch."""

    error: str = ""
    """Why it was refused; empty where it was not."""

    @property
    def succeeded(self) -> bool:
        """Whether the item was applied."""
        return not self.error


class KeyValue(Protocol):
    """The calls on the keys of one namespace.

    Each raises a `CallError`: an `InvalidArgument` for a key that is empty or over `MAX_KEY_BYTES` of UTF-8,
    a `Refused` where the store itself says no. Items of a batch are refused one by one.
    """

    def set(self, key: str, value: bytes) -> None:
        """Store a value, whatever was there, and clear the key's expiry."""

    def get(self, key: str) -> bytes | None:
        """Return the value, or None where the key is missing."""

    def delete(self, key: str) -> None:
        """Remove a key, which may be missing."""

    def exists(self, key: str) -> bool:
        """Tell whether the key is there."""

    def expire(self, key: str, ttl: timedelta) -> bool:
        """Let a key vanish after `ttl`, rounded up to seconds, at once if zero; tell whether it was there."""

    def get_ttl(self, key: str) -> Remaining:
        """Return how long the key will be there."""

    def persist(self, key: str) -> bool:
        """Clear a key's expiry; tell whether it had one."""

    def batch_set(self, items: Sequence[tuple[str, bytes]]) -> tuple[ItemResult, ...]:
        """Store values in order; results stand where their items stood. A malformed key stores nothing."""

    def batch_get(self, keys: Sequence[str]) -> tuple[bytes | None, ...]:
        """Return the values where their keys stood, None for each that is missing."""

    def batch_delete(self, keys: Sequence[str]) -> tuple[ItemResult, ...]:
        """Remove keys in order; results stand where their keys stood."""


def whole_seconds(ttl: timedelta) -> int:
    """Round up to the seconds that the wire carries, so that nothing vanishes before its time."""
    seconds, rest = divmod(ttl, timedelta(seconds=1))
    return seconds + bool(rest)
