"""The service for the admin: a launcher's part of the control plane."""

# ruff: noqa: N802 - the names of the methods are the wire's

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import grpc

from prism.control_plane_pb2 import (
    ProcessAssignment,
    ProcessAssignmentAck,
    ProcessRevocation,
    ProcessRevocationAck,
)
from prism_stack.control import fields
from prism_stack.control.answering import answering
from prism_stack.control.metadata import KEYS_REMOVED, asks_to_purge
from prism_stack.launcher import convert
from prism_stack.launcher.endings import DEFAULT_GRACE, Manner
from prism_stack.launcher.errors import LaunchFailed, Unknown
from prism_stack.launcher.service import Known, patience

if TYPE_CHECKING:
    from prism_stack.launcher.endings import Endings
    from prism_stack.launcher.launches import Launches

LONGEST_REVOCATION_SECONDS = 30
"""Within the deadline of the admin's call, with room for what follows the grace."""
NANOSECONDS = 1_000_000
"""In a millisecond."""


class ProcessService:
    """What the admin tells a launcher."""

    def __init__(self, known: Known, launches: Launches, endings: Endings) -> None:
        self._known = known
        self._launches = launches
        self._endings = endings

    def handler(self) -> grpc.GenericRpcHandler:
        """Return what a server is to be given: the rest of the control plane is UNIMPLEMENTED here."""
        assign: grpc.RpcMethodHandler[ProcessAssignment, ProcessAssignmentAck] = grpc.unary_unary_rpc_method_handler(
            self.AssignProcess, ProcessAssignment.FromString, ProcessAssignmentAck.SerializeToString
        )
        revoke: grpc.RpcMethodHandler[ProcessRevocation, ProcessRevocationAck] = grpc.unary_unary_rpc_method_handler(
            self.RevokeProcess, ProcessRevocation.FromString, ProcessRevocationAck.SerializeToString
        )
        methods: dict[str, grpc.RpcMethodHandler[Any, Any]] = {"AssignProcess": assign, "RevokeProcess": revoke}
        return grpc.method_handlers_generic_handler("prism.ControlPlane", methods)

    @answering
    def AssignProcess(self, request: ProcessAssignment, context: grpc.ServicerContext) -> ProcessAssignmentAck:
        """Have a process run; answer once it is up, or has failed."""
        wish = convert.assignment(request, self._known.patterns, self._known.defaults)
        try:
            self._launches.assign(wish, patience(context))
        except LaunchFailed as failure:
            return ProcessAssignmentAck(success=False, message=str(failure))
        return ProcessAssignmentAck(success=True)

    @answering
    def RevokeProcess(self, request: ProcessRevocation, context: grpc.ServicerContext) -> ProcessRevocationAck:
        """End a process, and its namespace's keys where they are to go; answer when that is done."""
        fields.check(request)
        if fields.identifier("launcher_id", request.launcher_id) != self._known.launcher_id:
            raise Unknown("launcher", request.launcher_id)
        process_id = convert.known_id("process_id", request.process_id)
        seconds = fields.at_most(
            "graceful_timeout_seconds", request.graceful_timeout_seconds, LONGEST_REVOCATION_SECONDS
        )
        purge = asks_to_purge(context.invocation_metadata())
        ended = self._endings.end(process_id, Manner(grace=float(seconds) or DEFAULT_GRACE, purge=purge))
        if purge:
            context.set_trailing_metadata(((KEYS_REMOVED, str(ended.keys_removed)),))
        return ProcessRevocationAck(success=True, stopped_at=time.time_ns() // NANOSECONDS, exit_code=ended.exit_code)
