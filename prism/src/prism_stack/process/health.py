"""The gRPC health protocol, served by hand: its messages are one field each, and the library for it needs more.

Check answers at once; Watch would keep a thread for each watcher, and is UNIMPLEMENTED, which clients take as
"not watchable".
"""

from __future__ import annotations

import threading

import grpc

SERVICE = "grpc.health.v1.Health"
SERVING, NOT_SERVING = b"\x08\x01", b"\x08\x02"
NAME_FIELD = 0x0A
LONGEST_NAME = 127
"""Longer ones need a longer length prefix, and no service here has such a name."""


class Health:
    """What this program says of its services; NOT_SERVING until told otherwise."""

    def __init__(self, *services: str) -> None:
        self._services = frozenset({"", *services})
        self._serving = threading.Event()

    def serve(self) -> None:
        """Say SERVING from now on."""
        self._serving.set()

    def drain(self) -> None:
        """Say NOT_SERVING from now on."""
        self._serving.clear()

    def handler(self) -> grpc.GenericRpcHandler:
        """Return what a server is to be given."""
        check: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(self._check)
        return grpc.method_handlers_generic_handler(SERVICE, {"Check": check})

    def _check(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        name = service_name(request)
        if name is None:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "service: no such name")
        if name not in self._services:
            context.abort(grpc.StatusCode.NOT_FOUND, f"service {name!r} is unknown")
        return SERVING if self._serving.is_set() else NOT_SERVING


def service_name(request: bytes) -> str | None:
    """Return the service that a HealthCheckRequest asks about, or None where it cannot be read."""
    if not request:
        return ""
    if len(request) < 2 or request[0] != NAME_FIELD or request[1] > LONGEST_NAME:  # noqa: PLR2004 - tag and length
        return None
    name = request[2 : 2 + request[1]]
    return name.decode(errors="replace") if len(name) == request[1] else None
