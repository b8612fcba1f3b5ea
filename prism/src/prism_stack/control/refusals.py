"""Why a server of the control plane says no; each error names the gRPC status that its caller gets.

PrismError
└── Refusal
    ├── Malformed   INVALID_ARGUMENT    a field, by its name
    ├── Unknown     NOT_FOUND           a namespace, a peer, a pattern, a process
    └── Full        RESOURCE_EXHAUSTED  a limit, which is named
"""

from prism_stack.errors import PrismError, UsageError


class Refusal(PrismError):
    """Root of what a caller is told with a gRPC status."""

    status = "UNKNOWN"


class Malformed(Refusal, UsageError):
    """A field that makes no sense."""

    status = "INVALID_ARGUMENT"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class Unknown(Refusal, UsageError):
    """There is no such thing."""

    status = "NOT_FOUND"

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"{kind} {name} is unknown")
        self.kind = kind
        self.name = name


class Full(Refusal, UsageError):
    """A limit is reached, and named."""

    status = "RESOURCE_EXHAUSTED"
