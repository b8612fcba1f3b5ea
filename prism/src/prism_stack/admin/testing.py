"""A proxy or a launcher that answers the admin from a script: for tests of whoever tells peers what to hold."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Condition
from typing import Any

import grpc
from google.protobuf.message import Message

from prism.control_plane_pb2 import (
    NamespaceAssignment,
    NamespaceAssignmentAck,
    NamespaceRevocation,
    NamespaceRevocationAck,
    ProcessAssignment,
    ProcessAssignmentAck,
    ProcessRevocation,
    ProcessRevocationAck,
)
from prism_stack.process.program import bind, new_server

WAIT_SECONDS = 10.0
THREADS = 40
"""More than the calls that an admin has under way for one peer."""

Script = Callable[["Told"], "Message | grpc.StatusCode | None"]
"""Returns an answer, a status, or None for a yes that is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One call that a peer got."""

    verb: str
    item: str
    version: int
    request: Any
    metadata: dict[str, str]


Ack = Callable[..., Message]
VERBS: dict[str, tuple[type[Message], str, Ack]] = {
    "AssignNamespace": (NamespaceAssignment, "namespace", NamespaceAssignmentAck),
    "RevokeNamespace": (NamespaceRevocation, "namespace", NamespaceRevocationAck),
    "AssignProcess": (ProcessAssignment, "process_id", ProcessAssignmentAck),
    "RevokeProcess": (ProcessRevocation, "process_id", ProcessRevocationAck),
}


@dataclass
class ScriptedPeer:
    """A proxy or a launcher: keeps what it was told, and answers as its script says, or with yes."""

    script: Script = lambda _: None
    told: list[Told] = field(default_factory=list)
    held: dict[str, int] = field(default_factory=dict)
    trailing: tuple[tuple[str, str], ...] = ()
    changed: Condition = field(default_factory=Condition)
    address: str = ""
    server: grpc.Server | None = None

    def start(self, address: str = "127.0.0.1:0") -> ScriptedPeer:
        """Serve on a free port."""
        self.server = new_server(ThreadPoolExecutor(THREADS), self._handler())
        self.address = bind(self.server, address)
        self.server.start()
        return self

    def stop(self) -> None:
        """Serve no more."""
        if self.server:
            self.server.stop(None).wait()

    def verbs(self, item: str) -> list[str]:
        """Return what was told about a thing, in order."""
        with self.changed:
            return [each.verb for each in self.told if each.item == item]

    def await_told(self, verb: str, item: str, times: int = 1) -> Told:
        """Return a telling once it has come so many times; raise `AssertionError` if it does not."""
        with self.changed:
            if not self.changed.wait_for(lambda: len(self._matching(verb, item)) >= times, WAIT_SECONDS):
                raise AssertionError(f"not told {times} x {verb} {item}, but {self.told}")
            return self._matching(verb, item)[-1]

    def await_held(self, *items: str) -> None:
        """Return when the peer holds these things and no others; raise `AssertionError` if that does not come."""
        with self.changed:
            if not self.changed.wait_for(lambda: set(self.held) == set(items), WAIT_SECONDS):
                raise AssertionError(f"holds {sorted(self.held)} and not {sorted(items)}")

    def _matching(self, verb: str, item: str) -> list[Told]:
        return [each for each in self.told if (each.verb, each.item) == (verb, item)]

    def _answer(self, told: Told, context: grpc.ServicerContext) -> Message | None:
        with self.changed:
            self.told.append(told)
            self.changed.notify_all()
        scripted = self.script(told)
        if isinstance(scripted, grpc.StatusCode):
            context.abort(scripted, "as the script says")
        if scripted is None:
            self._obey(told)
            context.set_trailing_metadata(self.trailing)
        return scripted

    def _obey(self, told: Told) -> None:
        with self.changed:
            if told.verb.startswith("Assign"):
                self.held[told.item] = max(told.version, self.held.get(told.item, 0))
            else:
                self.held.pop(told.item, None)
            self.changed.notify_all()

    def _handler(self) -> grpc.GenericRpcHandler:
        methods = {verb: self._method(verb, *told) for verb, told in VERBS.items()}
        return grpc.method_handlers_generic_handler("prism.ControlPlane", methods)

    def _method(self, verb: str, request: type[Message], item: str, ack: Ack) -> grpc.RpcMethodHandler[Any, Message]:
        def answer(told: Any, context: grpc.ServicerContext) -> Message:  # noqa: ANN401 - one of four requests
            return self._take(verb, getattr(told, item), told, context) or ack(success=True)

        return grpc.unary_unary_rpc_method_handler(
            answer, request_deserializer=request.FromString, response_serializer=lambda each: each.SerializeToString()
        )

    def _take(self, verb: str, item: str, request: Any, context: grpc.ServicerContext) -> Message | None:  # noqa: ANN401
        metadata = {str(key): str(value) for key, value in context.invocation_metadata()}
        version = getattr(request, "version", 0)
        told = Told(verb=verb, item=item, version=version, request=request, metadata=metadata)
        return self._answer(told, context)
