"""Carries what the messenger has to tell to proxies and launchers, over gRPC.

With the revocation of a process whose namespace is deleted, the metadata `x-prism-purge: 1` asks for its keys to go
too; `x-prism-keys-removed` in the answer's trailing metadata says how many went.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import grpc

from prism.control_plane_pb2 import NamespaceRevocation, ProcessRevocation
from prism.control_plane_pb2_grpc import ControlPlaneStub
from prism_stack.admin import convert
from prism_stack.admin.messenger import Answer, Done, Errand, Outcome
from prism_stack.admin.model import Kind, PeerKey
from prism_stack.admin.reconcile import Verb
from prism_stack.channel import open_channel
from prism_stack.control.metadata import KEYS_REMOVED, PURGE, number

ASSIGN_TIMEOUT = timedelta(seconds=5)
REVOKE_NAMESPACE_TIMEOUT = timedelta(seconds=5)
REVOKE_PROCESS_TIMEOUT = timedelta(seconds=35)
LONGEST_NAMESPACE_GRACE = timedelta(seconds=4)
"""A revocation is answered after its grace, and within its deadline."""
DEFAULT_GRACE = timedelta(seconds=10)

TIMED_OUT = {grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED}


class Ack(Protocol):
    """What every acknowledgement has."""

    success: bool
    message: str


class Ended(Protocol):
    """What is asked of a call that has ended."""

    def code(self) -> grpc.StatusCode:
        """Return its status."""

    def details(self) -> str | None:
        """Return what the peer said of its status."""

    def result(self) -> Ack:
        """Return the answer of a call that ended OK."""

    def trailing_metadata(self) -> object:
        """Return what came after the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    address: str
    channel: grpc.Channel
    stub: ControlPlaneStub


class Courier:
    """One channel to each peer; used by the messenger's thread alone."""

    def __init__(self, connect: Callable[[str], grpc.Channel] = open_channel) -> None:
        self._connect = connect
        self._stubs: dict[PeerKey, _Line] = {}

    def carry(self, errand: Errand, done: Done) -> None:
        """Begin the call of an errand."""
        call = self._begin(errand)
        call.add_done_callback(lambda ended: done(outcome_of(errand, ended)))

    def close(self) -> None:
        """Close the channels; calls under way end."""
        for line in self._stubs.values():
            line.channel.close()

    def _begin(self, errand: Errand) -> Any:  # noqa: ANN401 - a call future of one of four answers
        stub, placement, namespace = self._stub(errand), errand.action.placement, errand.namespace
        if errand.action.verb is Verb.REVOKE:
            return self._revoke(stub, errand)
        assert namespace is not None, "what is wanted belongs to a namespace"  # noqa: S101 - the ledger's own law
        if errand.peer.kind is Kind.PROXY:
            told = convert.namespace_assignment(namespace, placement)
            return stub.AssignNamespace.future(told, timeout=ASSIGN_TIMEOUT.total_seconds())
        process = convert.process_assignment(namespace, placement)
        return stub.AssignProcess.future(process, timeout=ASSIGN_TIMEOUT.total_seconds())

    def _revoke(self, stub: ControlPlaneStub, errand: Errand) -> Any:  # noqa: ANN401 - as in _begin
        grace = errand.namespace.grace if errand.namespace else DEFAULT_GRACE
        if errand.peer.kind is Kind.PROXY:
            seconds = int(min(grace, LONGEST_NAMESPACE_GRACE).total_seconds())
            revocation = NamespaceRevocation(
                proxy_id=errand.peer.id, namespace=errand.key.item, graceful_timeout_seconds=seconds
            )
            return stub.RevokeNamespace.future(revocation, timeout=REVOKE_NAMESPACE_TIMEOUT.total_seconds())
        end = ProcessRevocation(
            launcher_id=errand.peer.id,
            process_id=errand.key.item,
            graceful_timeout_seconds=int(grace.total_seconds()),
        )
        purge = PURGE if errand.action.placement.purge else ()
        return stub.RevokeProcess.future(end, timeout=REVOKE_PROCESS_TIMEOUT.total_seconds(), metadata=purge)

    def _stub(self, errand: Errand) -> ControlPlaneStub:
        known = self._stubs.get(errand.peer)
        if known and known.address == errand.address:
            return known.stub
        if known:
            known.channel.close()
        channel = self._connect(errand.address)
        line = _Line(address=errand.address, channel=channel, stub=ControlPlaneStub(channel))
        self._stubs[errand.peer] = line
        return line.stub


def outcome_of(errand: Errand, ended: Ended) -> Outcome:
    """Return what the end of a call means."""
    code = ended.code()
    if code is grpc.StatusCode.OK:
        ack = ended.result()
        if ack.success:
            return Outcome(answer=Answer.DONE, keys_removed=number(_pairs(ended.trailing_metadata()), KEYS_REMOVED))
        return Outcome(answer=Answer.REFUSED, detail=ack.message)
    # Who does not know a thing any more has let go of it.
    if code is grpc.StatusCode.NOT_FOUND and errand.action.verb is Verb.REVOKE:
        return Outcome(answer=Answer.DONE)
    answer = Answer.REFUSED
    if code is grpc.StatusCode.UNAVAILABLE:
        answer = Answer.AWAY
    elif code in TIMED_OUT:
        answer = Answer.SILENT
    return Outcome(answer=answer, status=code.name, detail=ended.details() or "")


def _pairs(metadata: object) -> tuple[tuple[str, str | bytes], ...]:
    return metadata if isinstance(metadata, tuple) else ()
