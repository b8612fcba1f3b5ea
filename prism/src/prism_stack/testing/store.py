"""The records behind the fake: values, expiries and capacity, for every namespace."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from prism_stack.keyvalue import DEFAULT_MAX_KEYS
from prism_stack.testing.clock import FakeClock


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A value, and the time at which it is gone."""

    value: bytes
    expires_at: timedelta | None = None

    def is_gone(self, now: timedelta) -> bool:
        """Tell whether its time has come."""
        return self.expires_at is not None and self.expires_at <= now


class CapacityReached(Exception):
    """A namespace is full; what it holds can still be overwritten."""

    def __init__(self, max_keys: int) -> None:
        super().__init__(f"capacity limit reached: {max_keys} keys")
        self.max_keys = max_keys


class FakeStore:
    """Records by namespace and key; a record whose time has come is never seen again."""

    def __init__(self, *, clock: Callable[[], timedelta] | None = None, max_keys: int = DEFAULT_MAX_KEYS) -> None:
        self._clock = clock or FakeClock()
        self._max_keys = max_keys
        self._namespaces: dict[str, dict[str, Record]] = {}
        self._lock = threading.Lock()

    def set(self, namespace: str, key: str, value: bytes) -> None:
        """Store a value without expiry; raise `CapacityReached` where there is no room for a new key."""
        with self._lock:
            live = self._live(namespace)
            if key not in live and len(live) >= self._max_keys:
                raise CapacityReached(self._max_keys)
            live[key] = Record(value=value)

    def get(self, namespace: str, key: str) -> Record | None:
        """Return the record, if it is there."""
        with self._lock:
            return self._live(namespace).get(key)

    def delete(self, namespace: str, key: str) -> None:
        """Remove a key, which may be missing."""
        with self._lock:
            self._live(namespace).pop(key, None)

    def expire(self, namespace: str, key: str, ttl: timedelta | None) -> Record | None:
        """Give a record another expiry, or none; return the record that was there."""
        with self._lock:
            live = self._live(namespace)
            record = live.get(key)
            if record is not None:
                live[key] = replace(record, expires_at=None if ttl is None else self._clock() + ttl)
            return record

    def remaining(self, record: Record) -> timedelta | None:
        """Return how long a record will be there; None means for ever."""
        return None if record.expires_at is None else record.expires_at - self._clock()

    def _live(self, namespace: str) -> dict[str, Record]:
        """The records of a namespace, those whose time has come removed."""
        records = self._namespaces.setdefault(namespace, {})
        now = self._clock()
        for key in [key for key, record in records.items() if record.is_gone(now)]:
            del records[key]
        return records
