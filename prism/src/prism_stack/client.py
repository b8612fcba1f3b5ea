"""The client of the key-value interfaces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Protocol, Self, TypeVar

import grpc

from prism.interfaces.keyvalue import (
    keyvalue_basic_pb2 as basic_pb2,
    keyvalue_batch_pb2 as batch_pb2,
    keyvalue_ttl_pb2 as ttl_pb2,
)
from prism.interfaces.keyvalue.keyvalue_basic_pb2_grpc import KeyValueBasicInterfaceStub
from prism.interfaces.keyvalue.keyvalue_batch_pb2_grpc import KeyValueBatchInterfaceStub
from prism.interfaces.keyvalue.keyvalue_ttl_pb2_grpc import KeyValueTTLInterfaceStub
from prism_stack.calls import Call, Caller, Target
from prism_stack.channel import open_channel
from prism_stack.keyvalue import DEFAULT_NAMESPACE, ItemResult, Lasting, Remaining, whole_seconds

Request = TypeVar("Request")
Response = TypeVar("Response")

DEFAULT_TIMEOUT = timedelta(seconds=5)
"""Long beside any healthy call, short beside a person's patience."""


@dataclass(frozen=True, slots=True)
class KeyValueStubs:
    """The generated stubs of one channel."""

    basic: KeyValueBasicInterfaceStub
    ttl: KeyValueTTLInterfaceStub
    batch: KeyValueBatchInterfaceStub

    @classmethod
    def of(cls, channel: grpc.Channel) -> Self:
        """Bind the stubs to a channel."""
        return cls(
            KeyValueBasicInterfaceStub(channel), KeyValueTTLInterfaceStub(channel), KeyValueBatchInterfaceStub(channel)
        )


class KeyValueClient:
    """Fulfils `KeyValue` over gRPC for one namespace; threads may share it, and it is closed by who opened it.

    Given several addresses of the same data, a call that ends UNAVAILABLE goes on to the next one, within the
    same deadline. It may have been carried out by then. All calls here can be repeated, with two things to know:
    an `expire` or `persist` that was sent twice answers for the second time, and a write that was sent twice may
    land after somebody else's.
    """

    def __init__(
        self,
        addresses: str | Sequence[str],
        *,
        namespace: str = DEFAULT_NAMESPACE,
        timeout: timedelta = DEFAULT_TIMEOUT,
        connect: Callable[[str], grpc.Channel] = open_channel,
    ) -> None:
        several = (addresses,) if isinstance(addresses, str) else tuple(addresses)
        if not several:
            raise ValueError("a client needs at least one address")
        target = Target(addresses=several, namespace=namespace, timeout=timeout, connect=connect)
        self._caller = Caller(target, KeyValueStubs.of)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; calls under way end, and later ones raise `ClientClosed`."""
        self._caller.close()

    def set(self, key: str, value: bytes) -> None:
        """Store a value, whatever was there, and clear the key's expiry."""
        request = basic_pb2.SetRequest(key=key, value=value)
        self._call(lambda stubs: stubs.basic.Set, request, unless_successful)

    def get(self, key: str) -> bytes | None:
        """Return the value, or None where the key is missing."""
        request = basic_pb2.GetRequest(key=key)
        answer = self._call(lambda stubs: stubs.basic.Get, request, unless_answered)
        return answer.value if answer.found else None

    def delete(self, key: str) -> None:
        """Remove a key, which may be missing."""
        request = basic_pb2.DeleteRequest(key=key)
        self._call(lambda stubs: stubs.basic.Delete, request, unless_successful)

    def exists(self, key: str) -> bool:
        """Tell whether the key is there."""
        request = basic_pb2.ExistsRequest(key=key)
        return self._call(lambda stubs: stubs.basic.Exists, request, unless_answered).exists

    def expire(self, key: str, ttl: timedelta) -> bool:
        """Let a key vanish after `ttl`, rounded up to seconds, at once if zero; tell whether it was there."""
        request = ttl_pb2.ExpireRequest(key=key, ttl_seconds=whole_seconds(ttl))
        return self._call(lambda stubs: stubs.ttl.Expire, request, unless_successful).key_existed

    def get_ttl(self, key: str) -> Remaining:
        """Return how long the key will be there."""
        request = ttl_pb2.GetTTLRequest(key=key)
        seconds = self._call(lambda stubs: stubs.ttl.GetTTL, request, unless_answered).ttl_seconds
        return Lasting(seconds) if seconds < 0 else timedelta(seconds=seconds)

    def persist(self, key: str) -> bool:
        """Clear a key's expiry; tell whether it had one."""
        request = ttl_pb2.PersistRequest(key=key)
        return self._call(lambda stubs: stubs.ttl.Persist, request, unless_successful).expiration_removed

    def batch_set(self, items: Sequence[tuple[str, bytes]]) -> tuple[ItemResult, ...]:
        """Store values in order; results stand where their items stood. A malformed key stores nothing."""
        requests = [basic_pb2.SetRequest(key=key, value=value) for key, value in items]
        request = batch_pb2.BatchSetRequest(requests=requests)
        answer = self._call(lambda stubs: stubs.batch.BatchSet, request, never)
        return tuple(map(item_result, answer.results))

    def batch_get(self, keys: Sequence[str]) -> tuple[bytes | None, ...]:
        """Return the values where their keys stood, None for each that is missing."""
        request = batch_pb2.BatchGetRequest(keys=keys)
        answer = self._call(lambda stubs: stubs.batch.BatchGet, request, unless_all_answered)
        return tuple(result.value if result.found else None for result in answer.results)

    def batch_delete(self, keys: Sequence[str]) -> tuple[ItemResult, ...]:
        """Remove keys in order; results stand where their keys stood."""
        request = batch_pb2.BatchDeleteRequest(keys=keys)
        answer = self._call(lambda stubs: stubs.batch.BatchDelete, request, never)
        return tuple(map(item_result, answer.results))

    def _call(
        self,
        pick: Callable[[KeyValueStubs], grpc.UnaryUnaryMultiCallable[Request, Response]],
        request: Request,
        refusal: Callable[[Response], str],
    ) -> Response:
        return self._caller.call(Call(pick=pick, request=request, refusal=refusal))


class Answer(Protocol):
    """What every answer of the wire has."""

    error: str


class Outcome(Answer, Protocol):
    """What the answer to a call that changes something has."""

    success: bool


def unless_answered(answer: Answer) -> str:
    """Refused where the answer has an error."""
    return answer.error


def unless_successful(answer: Outcome) -> str:
    """Refused where the answer says so, even if it does not say why."""
    return "" if answer.success else answer.error or "refused without a reason"


def unless_all_answered(answer: batch_pb2.BatchGetResponse) -> str:
    """Refused where one of the reads is: a value that cannot be read is not a missing one."""
    errors = (f"results[{at}]: {result.error}" for at, result in enumerate(answer.results) if result.error)
    return next(errors, "")


def never(_answer: object) -> str:
    """Not refused as a whole; its items may be."""
    return ""


def item_result(answer: Outcome) -> ItemResult:
    """Return what became of one item."""
    return ItemResult(error=unless_successful(answer))
