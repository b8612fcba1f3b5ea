"""What a launcher asks of a process that it launched: to drain and stop, and to take its data with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import grpc

from prism.interfaces.lifecycle_pb2 import StopRequest
from prism.interfaces.lifecycle_pb2_grpc import LifecycleInterfaceStub
from prism_stack.channel import open_channel
from prism_stack.control.metadata import KEYS_REMOVED, PURGE, number

Connect = Callable[[str], grpc.Channel]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """What came of the request to stop."""

    drained: bool
    """Whether it said that it has drained."""
    keys_removed: int = 0
    reason: str = ""
    """Why not; empty where it has."""


def ask_to_stop(endpoint: str, grace: float, *, purge: bool, connect: Connect = open_channel) -> Stopped:
    """Have a process drain within so many seconds, and with `purge` remove its namespace's keys after that."""
    request = StopRequest(timeout_seconds=max(1, int(grace)))
    with connect(endpoint) as channel:
        try:
            answer, call = LifecycleInterfaceStub(channel).Stop.with_call(
                request, timeout=grace, metadata=PURGE if purge else ()
            )
        except grpc.RpcError as error:
            return Stopped(drained=False, reason=f"{error.code().name}: {error.details()}")
        if not answer.success:
            return Stopped(drained=False, reason=answer.error or "it did not say why")
        told = (*call.initial_metadata(), *call.trailing_metadata())
        return Stopped(drained=True, keys_removed=number(told, KEYS_REMOVED))
