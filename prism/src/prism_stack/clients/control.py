"""What the clients of the control plane have in common: one server, one deadline, one way to fail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import Generic, Self, TypeVar

import grpc

from prism_stack.calls import Call, Caller, Target
from prism_stack.channel import open_channel
from prism_stack.keyvalue import DEFAULT_NAMESPACE

Stubs = TypeVar("Stubs")
Request = TypeVar("Request")
Response = TypeVar("Response")

DEFAULT_TIMEOUT = timedelta(seconds=10)
"""What the contract allows for the longest of these calls but the deletions."""


class ControlClient(Generic[Stubs]):
    """Calls on one server of the control plane; threads may share it, and it is closed by who opened it."""

    def __init__(self, address: str, timeout: timedelta, bind: Callable[[grpc.Channel], Stubs]) -> None:
        target = Target(addresses=(address,), namespace=DEFAULT_NAMESPACE, timeout=timeout, connect=open_channel)
        self._caller = Caller(target, bind)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; calls under way end, and later ones raise `ClientClosed`."""
        self._caller.close()

    def _call(
        self,
        pick: Callable[[Stubs], grpc.UnaryUnaryMultiCallable[Request, Response]],
        request: Request,
        refusal: Callable[[Response], str] = lambda _: "",
    ) -> Response:
        return self._caller.call(Call(pick=pick, request=request, refusal=refusal))
