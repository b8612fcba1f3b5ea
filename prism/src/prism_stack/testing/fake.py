"""A fake of the data layer: the whole contract of `KeyValue`, in this process."""

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta

from prism_stack.errors import CallError, CallFacts, call_error
from prism_stack.keyvalue import (
    DEFAULT_NAMESPACE,
    MAX_KEY_BYTES,
    MAX_MESSAGE_BYTES,
    MAX_TTL,
    NAMESPACE_PATTERN,
    ItemResult,
    Lasting,
    Remaining,
    whole_seconds,
)
from prism_stack.testing import message_size
from prism_stack.testing.store import CapacityReached, FakeStore

ADDRESS = "fake"
_NO_TIME = timedelta()


class FakeKeyValue:
    """Fulfils `KeyValue` in memory; those over one store see each other's keys, by namespace."""

    def __init__(self, store: FakeStore | None = None, *, namespace: str = DEFAULT_NAMESPACE) -> None:
        self._store = store or FakeStore()
        self._namespace = namespace

    def set(self, key: str, value: bytes) -> None:
        """Store a value, whatever was there, and clear the key's expiry."""
        self._check("Set", {"key": key}, message_size.key_value(key, value))
        if error := self._put(key, value):
            raise failure("Set", "OK", error)

    def get(self, key: str) -> bytes | None:
        """Return the value, or None where the key is missing."""
        self._check("Get", {"key": key})
        return self._value(key)

    def delete(self, key: str) -> None:
        """Remove a key, which may be missing."""
        self._check("Delete", {"key": key})
        self._store.delete(self._namespace, key)

    def exists(self, key: str) -> bool:
        """Tell whether the key is there."""
        self._check("Exists", {"key": key})
        return self._store.get(self._namespace, key) is not None

    def expire(self, key: str, ttl: timedelta) -> bool:
        """Let a key vanish after `ttl`, rounded up to seconds, at once if zero; tell whether it was there."""
        self._check("Expire", {"key": key})
        seconds, limit = whole_seconds(ttl), whole_seconds(MAX_TTL)
        if not 0 <= seconds <= limit:
            raise failure("Expire", "INVALID_ARGUMENT", f"ttl_seconds is {seconds}, not 0 to {limit}")
        return self._store.expire(self._namespace, key, timedelta(seconds=seconds)) is not None

    def get_ttl(self, key: str) -> Remaining:
        """Return how long the key will be there."""
        self._check("GetTTL", {"key": key})
        record = self._store.get(self._namespace, key)
        if record is None:
            return Lasting.MISSING
        remaining = self._store.remaining(record)
        return Lasting.FOREVER if remaining is None else timedelta(seconds=whole_seconds(remaining))

    def persist(self, key: str) -> bool:
        """Clear a key's expiry; tell whether it had one."""
        self._check("Persist", {"key": key})
        record = self._store.expire(self._namespace, key, None)
        return record is not None and record.expires_at is not None

    def batch_set(self, items: Sequence[tuple[str, bytes]]) -> tuple[ItemResult, ...]:
        """Store values in order; results stand where their items stood. A malformed key stores nothing."""
        keys = {f"requests[{at}].key": key for at, (key, _) in enumerate(items)}
        size = message_size.repeated(message_size.key_value(key, value) for key, value in items)
        self._check("BatchSet", keys, size)
        return tuple(ItemResult(error=self._put(key, value)) for key, value in items)

    def batch_get(self, keys: Sequence[str]) -> tuple[bytes | None, ...]:
        """Return the values where their keys stood, None for each that is missing."""
        self._check_all("BatchGet", keys)
        return tuple(map(self._value, keys))

    def batch_delete(self, keys: Sequence[str]) -> tuple[ItemResult, ...]:
        """Remove keys in order; results stand where their keys stood."""
        self._check_all("BatchDelete", keys)
        for key in keys:
            self._store.delete(self._namespace, key)
        return (ItemResult(),) * len(keys)

    def _value(self, key: str) -> bytes | None:
        record = self._store.get(self._namespace, key)
        return record.value if record else None

    def _put(self, key: str, value: bytes) -> str:
        """Store a value; return why not, or an empty string."""
        try:
            self._store.set(self._namespace, key, value)
        except CapacityReached as full:
            return str(full)
        return ""

    def _check_all(self, method: str, keys: Sequence[str]) -> None:
        size = message_size.repeated(len(key.encode()) for key in keys)
        self._check(method, {f"keys[{at}]": key for at, key in enumerate(keys)}, size)

    def _check(self, method: str, keys: dict[str, str], size: int = 0) -> None:
        """Refuse what proxy and runner refuse, in their order: namespace, size, keys."""
        if re.fullmatch(NAMESPACE_PATTERN, self._namespace) is None:
            details = f"x-prism-namespace {self._namespace!r} does not match {NAMESPACE_PATTERN}"
            raise failure(method, "INVALID_ARGUMENT", details)
        if size > MAX_MESSAGE_BYTES:
            raise failure(method, "RESOURCE_EXHAUSTED", f"a message of {size} bytes, the limit is {MAX_MESSAGE_BYTES}")
        if malformed := next(malformed_keys(keys), ""):
            raise failure(method, "INVALID_ARGUMENT", malformed)


def malformed_keys(keys: dict[str, str]) -> Iterator[str]:
    """Say what is wrong with each key that is out of bounds; the keys stand by the names of their fields."""
    for field, key in keys.items():
        length = len(key.encode())
        if length == 0:
            yield f"{field} is empty"
        elif length > MAX_KEY_BYTES:
            yield f"{field} has {length} bytes, the limit is {MAX_KEY_BYTES}"


def failure(method: str, status: str, details: str) -> CallError:
    """Return the error that the client would raise."""
    return call_error(CallFacts(method=method, address=ADDRESS, status=status, details=details, deadline=_NO_TIME))
