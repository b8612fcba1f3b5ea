"""What the gRPC health checking protocol says of a service, watched on one connection.

A server that cannot be watched, for not all implement that, is asked again and again.
"""

from __future__ import annotations

from ziggurat.grpc_call import Answer, Calls, varint

WATCH, CHECK = "/grpc.health.v1.Health/Watch", "/grpc.health.v1.Health/Check"
OK, UNIMPLEMENTED = 0, 12
STATUSES = ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")
CODES = {5: "NOT_FOUND", 7: "PERMISSION_DENIED", 12: "UNIMPLEMENTED", 14: "UNAVAILABLE", 16: "UNAUTHENTICATED"}


class HealthCheck:
    """The protocol state of one connection."""

    def __init__(self, service: str, authority: str) -> None:
        """Ask about a service at an authority (``host:port``)."""
        name = service.encode()
        self._request = b"\x0a" + varint(len(name)) + name if name else b""
        self._calls = Calls(WATCH, authority)

    @property
    def is_answered(self) -> bool:
        """Nothing more comes of what was asked."""
        return self._calls.is_answered

    @property
    def is_over(self) -> bool:
        """No further check will be answered on this connection."""
        return self._calls.is_over

    def ask(self) -> None:
        """Begin to watch, or to check where that is all that the server can."""
        self._calls.ask(self._request)

    def to_send(self) -> bytes:
        """Return the bytes to send now."""
        return self._calls.to_send()

    def receive(self, data: bytes) -> str | None:
        """Take bytes and return the latest status that they tell, by name, or None where they tell none."""
        latest = None
        answer = self._calls.receive(data)
        while answer is not None:
            if answer.status == UNIMPLEMENTED:
                self._calls.path = CHECK
            if answer.status != OK:
                latest = _status(answer)
            answer = None if self.is_over else self._calls.receive(b"")
        return latest


def _status(answer: Answer) -> str:
    if answer.message is not None:
        # A HealthCheckResponse has one field: 1, an enum; absent is UNKNOWN.
        number = int.from_bytes(answer.message[1:2], "big") if answer.message[:1] == b"\x08" else 0
        return STATUSES[number] if number < len(STATUSES) else f"status {number}"
    if answer.status is not None:
        return CODES.get(answer.status, f"gRPC status {answer.status}")
    return answer.problem
