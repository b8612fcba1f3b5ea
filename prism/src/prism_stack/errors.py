"""What can go wrong with Prism, as one tree; every error carries its facts as attributes.

PrismError
├── UsageError                it was called wrongly; trying again changes nothing
│   ├── InvalidArgument    *  a field out of its bounds
│   ├── FailedPrecondition *  asked of one who does not serve it, or in the wrong order
│   ├── Unimplemented      *  nobody knows that service or method
│   ├── LimitExceeded      *  a message over the limit
│   ├── AlreadyExists      *  it is there, and is another
│   └── ClientClosed          a call on a client that was closed
└── WorldError                it was called rightly, and the world failed
    ├── Unavailable        *  no runner, or lost during the call
    ├── DeadlineExceeded   *  no answer in time
    ├── Refused            *  answered, with `success = false`
    ├── NotFound           *  answered, that there is no such thing
    └── UnexpectedStatus   *  any other status

* also a CallError: method, address, status, details and deadline of the call
"""

from dataclasses import dataclass
from datetime import timedelta

EXIT_NO = 1
"""Everything worked, and the answer is no: no such key, no such namespace, or a refusal."""


class PrismError(Exception):
    """Root of everything that Prism's Python code raises."""

    exit_code = 70


class UsageError(PrismError):
    """It was called wrongly; trying again changes nothing."""

    exit_code = 64


class WorldError(PrismError):
    """It was called rightly, and the world failed."""

    exit_code = 69


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFacts:
    """What is known of a call that failed."""

    method: str
    address: str
    status: str
    """Name of the gRPC status; OK where the answer itself said no."""
    details: str
    deadline: timedelta
    """What the caller allowed for all attempts together."""


class CallError(PrismError):
    """A call that failed, with all that is known of it."""

    def __init__(self, facts: CallFacts) -> None:
        super().__init__(f"{facts.method} at {facts.address}: {facts.status}: {facts.details}")
        self.facts = facts

    @property
    def method(self) -> str:
        """The name of the call, such as `BatchSet`."""
        return self.facts.method

    @property
    def address(self) -> str:
        """Whom it was sent to, as host:port."""
        return self.facts.address

    @property
    def status(self) -> str:
        """The name of its gRPC status."""
        return self.facts.status

    @property
    def details(self) -> str:
        """What the other side said."""
        return self.facts.details

    @property
    def deadline(self) -> timedelta:
        """What the caller allowed for all attempts together."""
        return self.facts.deadline


class InvalidArgument(CallError, UsageError):
    """A field out of its bounds; `details` names it."""


class FailedPrecondition(CallError, UsageError):
    """It was asked of one who does not serve it, or in the wrong order."""


class Unimplemented(CallError, UsageError):
    """Nobody knows that service or method."""


class LimitExceeded(CallError, UsageError):
    """A message over the limit; `details` names the limit."""


class AlreadyExists(CallError, UsageError):
    """It is there already, and is not what was asked for."""

    exit_code = EXIT_NO


class ClientClosed(UsageError):
    """A call on a client that was closed."""

    def __init__(self, method: str) -> None:
        super().__init__(f"{method}: this client is closed")
        self.method = method


class Unavailable(CallError, WorldError):
    """There is no runner for the call, or it was lost during the call, which may then have been carried out."""


class DeadlineExceeded(CallError, WorldError):
    """There was no answer in time; the call may have been carried out."""


class Refused(CallError, WorldError):
    """The answer came, and said no: at capacity, or the backend is away."""

    exit_code = EXIT_NO


class NotFound(CallError, WorldError):
    """The answer came: there is no such namespace, process or pattern."""

    exit_code = EXIT_NO


class UnexpectedStatus(CallError, WorldError):
    """Any status that the contract gives no meaning."""


_BY_STATUS: dict[str, type[CallError]] = {
    "OK": Refused,
    "INVALID_ARGUMENT": InvalidArgument,
    "FAILED_PRECONDITION": FailedPrecondition,
    "UNIMPLEMENTED": Unimplemented,
    "ALREADY_EXISTS": AlreadyExists,
    "NOT_FOUND": NotFound,
    "RESOURCE_EXHAUSTED": LimitExceeded,
    # gRPC libraries answer so themselves where a message is over the limit they were given.
    "OUT_OF_RANGE": LimitExceeded,
    "UNAVAILABLE": Unavailable,
    "DEADLINE_EXCEEDED": DeadlineExceeded,
}


def call_error(facts: CallFacts) -> CallError:
    """Return the error of the class that the status of the call means."""
    return _BY_STATUS.get(facts.status, UnexpectedStatus)(facts)
