"""One call to one of several addresses: its deadline, namespace, failover and errors."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

import grpc

from prism_stack.channel import open_channel
from prism_stack.errors import CallError, CallFacts, ClientClosed, Unavailable, call_error

Request = TypeVar("Request")
Response = TypeVar("Response")
Stubs = TypeVar("Stubs")

NAMESPACE_HEADER = "x-prism-namespace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Whom the calls of a client go to, and on whose behalf."""

    addresses: tuple[str, ...]
    """As host:port, in order of preference; at least one."""
    namespace: str
    timeout: timedelta
    """What one call may take, all its attempts together."""
    connect: Callable[[str], grpc.Channel] = open_channel
    clock: Callable[[], float] = time.monotonic
    """Seconds since some moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[Stubs, Request, Response]):
    """One call, whoever it goes to."""

    pick: Callable[[Stubs], grpc.UnaryUnaryMultiCallable[Request, Response]]
    request: Request
    refusal: Callable[[Response], str]
    """Why an answer is a no; an empty string where it is none."""

    @property
    def method(self) -> str:
        """The name of the call."""
        return type(self.request).__name__.removesuffix("Request")


class Caller(Generic[Stubs]):
    """Makes calls on the address that answered last, and on the next one where a call ends UNAVAILABLE.

    A call that ended so may have been carried out, since a runner can be lost between doing and answering.
    It is sent again all the same: this is for calls that may be repeated.
    """

    def __init__(self, target: Target, bind: Callable[[grpc.Channel], Stubs]) -> None:
        self._target = target
        self._bind = bind
        self._metadata = ((NAMESPACE_HEADER, target.namespace),)
        self._lock = threading.Lock()
        self._channels: list[grpc.Channel] = []
        self._stubs: dict[str, Stubs] = {}
        self._preferred = target.addresses[0]
        self._closed = False

    def call(self, call: Call[Stubs, Request, Response]) -> Response:
        """Make a call; raise the `CallError` that its end means, the last one where no address is available."""
        deadline = self._target.clock() + self._target.timeout.total_seconds()
        unavailable: list[Unavailable] = []
        for address in self._order():
            try:
                return self._attempt(call, address, deadline)
            except Unavailable as error:
                unavailable.append(error)
        raise last_of(unavailable)

    def close(self) -> None:
        """Close the channels; calls under way end, and later ones raise `ClientClosed`."""
        with self._lock:
            self._closed = True
            channels, self._channels = self._channels, []
            self._stubs.clear()
        for channel in channels:
            channel.close()

    def _order(self) -> list[str]:
        """The addresses, beginning with the one that answered last."""
        addresses = self._target.addresses
        first = addresses.index(self._preferred)
        return [*addresses[first:], *addresses[:first]]

    def _attempt(self, call: Call[Stubs, Request, Response], address: str, deadline: float) -> Response:
        stub = call.pick(self._stubs_of(address, call.method))
        remaining = max(0.0, deadline - self._target.clock())
        try:
            response = stub(call.request, timeout=remaining, metadata=self._metadata)
        except grpc.RpcError as error:
            raise self._failure(call.method, address, *ending(error)) from error
        self._preferred = address
        if reason := call.refusal(response):
            raise self._failure(call.method, address, "OK", reason)
        return response

    def _stubs_of(self, address: str, method: str) -> Stubs:
        with self._lock:
            if self._closed:
                raise ClientClosed(method)
            if address not in self._stubs:
                channel = self._target.connect(address)
                self._channels.append(channel)
                self._stubs[address] = self._bind(channel)
            return self._stubs[address]

    def _failure(self, method: str, address: str, status: str, details: str) -> CallError:
        deadline = self._target.timeout
        return call_error(CallFacts(method=method, address=address, status=status, details=details, deadline=deadline))


def last_of(unavailable: list[Unavailable]) -> Unavailable:
    """Return the last of the failed attempts, with the others noted on it."""
    *earlier, last = unavailable
    for error in earlier:
        last.add_note(f"before that, {error}")
    return last


def ending(error: Exception) -> tuple[str, str]:
    """Return the name of the status that a call ended with, and what the other side said."""
    if not isinstance(error, grpc.Call):
        return "UNKNOWN", str(error)
    return error.code().name, error.details() or ""
