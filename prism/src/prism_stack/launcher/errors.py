"""Why the launcher says no, beside what the fields of a message have wrong; each names the caller's gRPC status.

PrismError
├── UsageError
│   ├── Unknown          NOT_FOUND            a pattern or a process
│   ├── Denied           PERMISSION_DENIED    another token, or another process
│   ├── OutOfOrder       FAILED_PRECONDITION  a second handshake, a version with two contents
│   ├── NotBuilt         UNIMPLEMENTED        an isolation that there is not yet
│   ├── Full             RESOURCE_EXHAUSTED   processes, callers that wait
│   └── BadManifest      at the start         a pattern's folder, by file and field
└── WorldError
    ├── StateFailed      UNAVAILABLE          what has to be known after a crash cannot be written
    ├── NotUp            DEADLINE_EXCEEDED    it is still starting
    ├── NotGone          DEADLINE_EXCEEDED    it was killed, and is still there
    ├── NotPurged        UNAVAILABLE          a process is gone and its keys are not
    ├── StateHeld        at the start         another launcher has the state file
    └── LaunchFailed     answered in-band     the program cannot be started
"""

from pathlib import Path

from prism_stack.control.refusals import Full, Refusal, Unknown
from prism_stack.errors import PrismError, UsageError, WorldError

__all__ = [
    "BadManifest",
    "Denied",
    "Full",
    "LaunchFailed",
    "NotBuilt",
    "NotGone",
    "NotPurged",
    "NotUp",
    "OutOfOrder",
    "Refusal",
    "StateFailed",
    "StateHeld",
    "Unknown",
]


class Denied(Refusal, UsageError):
    """Somebody speaks for a process that is another's."""

    status = "PERMISSION_DENIED"


class OutOfOrder(Refusal, UsageError):
    """It comes when it cannot."""

    status = "FAILED_PRECONDITION"


class NotBuilt(Refusal, UsageError):
    """What was asked for is not there yet."""

    status = "UNIMPLEMENTED"


class StateFailed(Refusal, WorldError):
    """The state file could not be written; nothing was started."""

    status = "UNAVAILABLE"

    def __init__(self, path: Path, cause: OSError) -> None:
        super().__init__(f"the launcher's state {path} cannot be written: {cause.strerror}")
        self.path = path
        self.cause = cause


class NotUp(Refusal, WorldError):
    """A process was not up in the time that there was; it goes on starting."""

    status = "DEADLINE_EXCEEDED"

    def __init__(self, process_id: str, waited: float, last_error: str) -> None:
        last = f"; the last error: {last_error}" if last_error else ""
        super().__init__(f"{process_id} is not up after {waited:.1f} s{last}")
        self.process_id = process_id
        self.waited = waited
        self.last_error = last_error


class NotGone(Refusal, WorldError):
    """A process was killed, and the kernel has not taken it back."""

    status = "DEADLINE_EXCEEDED"

    def __init__(self, process_id: str, waited: float) -> None:
        super().__init__(f"{process_id} is still there {waited:g} s after it was killed")
        self.process_id = process_id
        self.waited = waited


class NotPurged(Refusal, WorldError):
    """A process is gone, and the keys of its namespace are not."""

    status = "UNAVAILABLE"

    def __init__(self, process_id: str, why: str) -> None:
        super().__init__(f"the keys of {process_id} could not be removed: {why}")
        self.process_id = process_id
        self.why = why


class StateHeld(WorldError):
    """Another launcher runs on the state file."""

    def __init__(self, path: Path, pid: str) -> None:
        super().__init__(
            f"{path} is held by another launcher (pid {pid or 'unknown'}): stop it, or use another --state"
        )
        self.path = path
        self.pid = pid


class LaunchFailed(PrismError):
    """The program cannot be started at all."""


class BadManifest(UsageError):
    """A manifest that cannot be used."""

    def __init__(self, path: Path, field: str, reason: str) -> None:
        super().__init__(f"{path}: {field}: {reason}")
        self.path = path
        self.field = field
        self.reason = reason
