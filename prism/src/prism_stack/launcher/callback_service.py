"""The service for launched processes."""

# ruff: noqa: N802 - the names of the methods are the wire's

from __future__ import annotations

import grpc

from prism.interfaces.lifecycle_pb2 import HEALTH_STATUS_HEALTHY, HEALTH_STATUS_UNSPECIFIED, HealthStatus
from prism.launcher import launcher_control_pb2 as callback
from prism.launcher.launcher_control_pb2_grpc import LauncherControlServicer
from prism_stack.control import fields
from prism_stack.control.answering import answering
from prism_stack.control.refusals import Malformed
from prism_stack.launcher import answers, convert
from prism_stack.launcher.callbacks import Callbacks, Caller, Counts
from prism_stack.launcher.service import Known
from prism_stack.launcher.words import printable


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
            proxies=answers.proxy_endpoints(process.wish),
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
        return callback.ProcessHeartbeatResponse(known=True, proxies=answers.proxy_endpoints(process.wish))

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
