"""The services of the launcher: messages in, messages out; what they mean is decided elsewhere."""

# ruff: noqa: N802 - the names of the methods are the wire's

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc

from prism.control_plane_pb2 import (
    ProcessAssignment,
    ProcessAssignmentAck,
    ProcessRevocation,
    ProcessRevocationAck,
)
from prism.interfaces.lifecycle_pb2 import HEALTH_STATUS_HEALTHY, HEALTH_STATUS_UNSPECIFIED, HealthStatus
from prism.launcher import launcher_control_pb2 as callback, launcher_pb2 as wire
from prism.launcher.launcher_control_pb2_grpc import LauncherControlServicer
from prism.launcher.launcher_pb2_grpc import PatternLauncherServicer
from prism_stack.admin import fields
from prism_stack.admin.answering import answering
from prism_stack.admin.errors import Malformed
from prism_stack.launcher import convert
from prism_stack.launcher.callbacks import Callbacks, Caller, Counts
from prism_stack.launcher.endings import DEFAULT_GRACE, Manner
from prism_stack.launcher.errors import LaunchFailed, Unknown
from prism_stack.launcher.life import Stage
from prism_stack.launcher.words import printable
from prism_stack.metadata import KEYS_REMOVED, asks_to_purge

if TYPE_CHECKING:
    from prism_stack.launcher.convert import Defaults
    from prism_stack.launcher.endings import Endings
    from prism_stack.launcher.launches import Launches
    from prism_stack.launcher.manifest import Pattern
    from prism_stack.launcher.process import Process
    from prism_stack.launcher.roster import Roster

LONGEST_PATIENCE = 60.0
"""Seconds that a caller without a deadline is let wait."""
ANSWER_MARGIN = 0.25
"""Seconds that are left of a caller's deadline for the answer to reach it."""
LONGEST_REVOCATION_SECONDS = 30
"""Within the deadline of the admin's call, with room for what follows the grace."""
MILLISECONDS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What every answer needs."""

    launcher_id: str
    roster: Roster
    patterns: Mapping[str, Pattern]
    defaults: Defaults
    host: str
    heartbeat_millis: int
    began: float


class PatternLauncherService(PatternLauncherServicer):
    """What people ask."""

    def __init__(self, known: Known, launches: Launches, endings: Endings) -> None:
        self._known = known
        self._launches = launches
        self._endings = endings

    @answering
    def LaunchPattern(self, request: wire.LaunchRequest, context: grpc.ServicerContext) -> wire.LaunchResponse:
        """Start a pattern's process, or find it; answer once it is up or has failed."""
        wish = convert.launch(request, self._known.patterns, self._known.defaults)
        try:
            process = self._launches.launch(wish, patience(context), as_it_is=not request.config)
        except LaunchFailed as failure:
            return wire.LaunchResponse(process_id=wish.process_id, state=wire.STATE_FAILED, error=str(failure))
        life = process.life
        is_up = life.stage is Stage.RUNNING
        return wire.LaunchResponse(
            process_id=process.id,
            state=convert.STATES[life.stage],
            address=convert.address(process, self._known.host),
            healthy=is_up and life.is_healthy,
            error="" if is_up and life.is_healthy else life.last_error or "it is still starting",
        )

    @answering
    def ListPatterns(
        self, request: wire.ListPatternsRequest, context: grpc.ServicerContext
    ) -> wire.ListPatternsResponse:
        """Return the processes, or those of a pattern, a namespace and a state."""
        del context
        fields.check(request)
        state = convert.listed_state(request.state)
        if request.pattern_name:
            fields.identifier("pattern_name", request.pattern_name)
        if request.namespace:
            fields.namespace("namespace", request.namespace)
        found = [
            each
            for each in self._infos()
            if request.pattern_name in {"", each.pattern_name}
            and request.namespace in {"", each.namespace}
            and state in {wire.STATE_UNSPECIFIED, each.state}
        ]
        return wire.ListPatternsResponse(patterns=found, total_count=len(found))

    @answering
    def TerminatePattern(self, request: wire.TerminateRequest, context: grpc.ServicerContext) -> wire.TerminateResponse:
        """End a process and forget it, history and all."""
        del context
        fields.check(request)
        seconds = convert.grace("grace_period_secs", request.grace_period_secs)
        self._endings.end(
            convert.known_id("process_id", request.process_id), Manner(grace=seconds, force=request.force)
        )
        return wire.TerminateResponse(success=True)

    @answering
    def Health(self, request: wire.HealthRequest, context: grpc.ServicerContext) -> wire.HealthResponse:
        """Return how many processes there are, and how they are."""
        del context
        infos = self._infos()
        states = Counter(each.state for each in infos)
        isolations = Counter("none" if each.process_id.startswith("shared:") else "namespace" for each in infos)
        return wire.HealthResponse(
            healthy=not states[wire.STATE_FAILED],
            total_processes=len(infos),
            running_processes=states[wire.STATE_RUNNING],
            terminating_processes=states[wire.STATE_TERMINATING],
            failed_processes=states[wire.STATE_FAILED],
            isolation_distribution=isolations,
            processes=infos if request.include_processes else (),
            uptime_seconds=int(time.monotonic() - self._known.began),
        )

    @answering
    def GetProcessStatus(
        self, request: wire.GetProcessStatusRequest, context: grpc.ServicerContext
    ) -> wire.GetProcessStatusResponse:
        """Return one process, or that there is none."""
        del context
        fields.check(request)
        found = self._known.roster.find(convert.known_id("process_id", request.process_id))
        if found is None:
            return wire.GetProcessStatusResponse(not_found=True)
        return wire.GetProcessStatusResponse(process=self._info(found))

    def _infos(self) -> list[wire.PatternInfo]:
        return [self._info(process) for process in self._known.roster.all()]

    def _info(self, process: Process) -> wire.PatternInfo:
        return convert.pattern_info(process, self._known.host, time.monotonic())


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
        return ProcessRevocationAck(success=True, stopped_at=time.time_ns() // 1_000_000, exit_code=ended.exit_code)


class CallbackService(LauncherControlServicer):
    """What launched processes tell."""

    def __init__(self, known: Known, callbacks: Callbacks) -> None:
        self._known = known
        self._callbacks = callbacks

    @answering
    def ProcessHandshake(
        self, request: callback.ProcessHandshakeRequest, context: grpc.ServicerContext
    ) -> callback.ProcessHandshakeResponse:
        """Take a process in, and tell it what it is to be."""
        del context
        fields.check(request)
        data = fields.address("data_endpoint", request.data_endpoint)
        control = fields.address("control_endpoint", request.control_endpoint or data)
        if not request.pid:
            raise Malformed("pid", "is missing")
        process = self._callbacks.handshake(_caller(request), request.pid, data, control)
        answer = callback.ProcessHandshakeResponse(
            accepted=True,
            namespace=process.wish.namespace or "*",
            proxies=convert.proxy_endpoints(process.wish),
            heartbeat_interval_ms=self._known.heartbeat_millis,
        )
        answer.config.update(dict(process.wish.config))
        return answer

    @answering
    def ProcessHeartbeat(
        self, request: callback.ProcessHeartbeatRequest, context: grpc.ServicerContext
    ) -> callback.ProcessHeartbeatResponse:
        """Take note that a process is there, and tell it of its proxies as they are now."""
        del context
        # The details are for people, and may quote anything.
        fields.check(request, but="details")
        if request.status not in HealthStatus.values() or request.status == HEALTH_STATUS_UNSPECIFIED:
            raise Malformed("status", "must be healthy, degraded or unhealthy")
        healthy = request.status == HEALTH_STATUS_HEALTHY
        said = printable(request.details.get("message", ""))[: fields.LONGEST_TEXT]
        why = "" if healthy else said or HealthStatus.Name(request.status)
        process = self._callbacks.heartbeat(_caller(request), healthy=healthy, reason=why)
        if process is None:
            return callback.ProcessHeartbeatResponse(known=False, reason="this launcher does not know the process")
        return callback.ProcessHeartbeatResponse(known=True, proxies=convert.proxy_endpoints(process.wish))

    @answering
    def ProcessStopping(
        self, request: callback.ProcessStoppingRequest, context: grpc.ServicerContext
    ) -> callback.ProcessStoppingResponse:
        """Take note that a process has drained."""
        del context
        fields.check(request)
        counts = Counts(drained=request.drained_operations, aborted=request.aborted_operations)
        self._callbacks.stopping(_caller(request), request.reason, counts)
        return callback.ProcessStoppingResponse()


Said = callback.ProcessHandshakeRequest | callback.ProcessHeartbeatRequest | callback.ProcessStoppingRequest


def _caller(request: Said) -> Caller:
    process_id = convert.known_id("process_id", request.process_id)
    if not request.launch_token:
        raise Malformed("launch_token", "is missing")
    return Caller(process_id=process_id, token=request.launch_token)


def patience(context: grpc.ServicerContext) -> float:
    """Return the seconds that may be waited, so that the caller still gets the answer."""
    return max(0.0, min(context.time_remaining(), LONGEST_PATIENCE) - ANSWER_MARGIN)
