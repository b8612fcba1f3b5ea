"""Why the admin says no, beside what every server refuses (`prism_stack.control.refusals`); each is a gRPC status.

PrismError
├── UsageError
│   ├── Clash              ALREADY_EXISTS       another configuration under the same name
│   └── NotNow             FAILED_PRECONDITION  nobody healthy to serve it, or it is being made or deleted
└── WorldError
    ├── StoreFailed        UNAVAILABLE          the database cannot be written
    ├── PeerRefused        FAILED_PRECONDITION  a proxy or a launcher said no
    └── NotAcknowledged    DEADLINE_EXCEEDED    a proxy or a launcher did not say yes in time
"""

from datetime import timedelta

from prism_stack.control.refusals import Refusal
from prism_stack.errors import UsageError, WorldError


class Clash(Refusal, UsageError):
    """A namespace of that name exists, with another configuration."""

    status = "ALREADY_EXISTS"

    def __init__(self, namespace: str) -> None:
        super().__init__(f"namespace {namespace} exists with another configuration")
        self.namespace = namespace


class NotNow(Refusal, UsageError):
    """Things are not so that this could be done."""

    status = "FAILED_PRECONDITION"


class StoreFailed(Refusal, WorldError):
    """The database could not be written; nothing of the change was."""

    status = "UNAVAILABLE"

    def __init__(self, cause: Exception) -> None:
        super().__init__(f"the admin's database cannot be written: {cause}")
        self.cause = cause


class PeerRefused(Refusal, WorldError):
    """A proxy or a launcher said no to a new namespace; nothing of it is left."""

    status = "FAILED_PRECONDITION"

    def __init__(self, namespace: str, refusal: str, status: str = status) -> None:
        super().__init__(f"namespace {namespace} was not created: {refusal}")
        self.namespace = namespace
        self.refusal = refusal
        self.status = status


class NotAcknowledged(Refusal, WorldError):
    """A proxy or a launcher did not say yes in time."""

    status = "DEADLINE_EXCEEDED"

    def __init__(self, what: str, waited: timedelta, waiting_for: str) -> None:
        super().__init__(f"{what}: not acknowledged within {waited.total_seconds():.1f} s; {waiting_for}")
        self.waited = waited
        self.waiting_for = waiting_for
