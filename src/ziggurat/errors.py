"""What can go wrong, as one tree; every error carries its facts as attributes.

ZigguratError
├── UsageError                  it was described or called wrongly
│   ├── SpecError               a service or stack that cannot be
│   │   ├── CycleError          services that wait for each other
│   │   └── UnknownName         a service or endpoint that nobody declared
│   ├── ProgramNotFound         a command whose program is not there
│   ├── TierViolation           a test did what its tier forbids
│   ├── Leak                    a test left processes of its own behind
│   └── NotExclusive            a test would change a run stack that it shares with others
└── WorldError                  it was described rightly, and the world failed
    ├── KeeperError             the keeper could not do it
    │   └── KeeperLost          the keeper is gone
    ├── PortTaken               a fixed port that somebody uses
    ├── BuildFailed             cargo did not build
    ├── StartFailed             a stack did not come up
    │   ├── ServiceExited       a service ended while it was starting
    │   └── NotReady            services were not ready in time
    ├── RunStackDown            a run stack that did not start, or could not be restored
    ├── RunStackDamaged         a run stack lost services while tests used it
    ├── NotRunning              a service that was asked for something is not running
    ├── FaultNotEffective       a fault that changed nothing, and so a test that tested nothing
    ├── ConditionTimeout        what was waited for did not come
    ├── AlreadyRunning          a detached stack of that name is there
    └── GateClosed              the running stack is not one to test
"""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ziggurat.course import Leg, Standing


COMMAND_NOT_FOUND = 127
"""As a shell has it."""


class ZigguratError(Exception):
    """Root of everything that the toolkit raises."""

    exit_code = 70


class UsageError(ZigguratError):
    """It was described or called wrongly; trying again changes nothing."""

    exit_code = 64


class SpecError(UsageError):
    """A service or a stack that cannot be."""


class CycleError(SpecError):
    """Services that wait for each other."""

    def __init__(self, cycle: Sequence[str]) -> None:
        """Hold the names, the first one again at the end."""
        super().__init__(f"services wait for each other: {' → '.join(cycle)}")
        self.cycle = tuple(cycle)


class UnknownName(SpecError):
    """A service or an endpoint that nobody declared."""

    def __init__(self, kind: str, name: str, known: Sequence[str]) -> None:
        """Hold what was asked for and what there is."""
        super().__init__(f"there is no {kind} {name!r}; there is {', '.join(known) or 'none'}")
        self.kind = kind
        self.name = name
        self.known = tuple(known)


class ProgramNotFound(UsageError):
    """A command whose program is not there or cannot be run."""

    def __init__(self, service: str, program: str, reason: str) -> None:
        """Hold whose program it is and why it cannot be run."""
        super().__init__(f"{service}: cannot start {program}: {reason}")
        self.service = service
        self.program = program
        self.reason = reason


class TierViolation(UsageError):
    """A test did what its tier forbids."""

    def __init__(self, tier: str, what: str, allowed_in: Sequence[str]) -> None:
        """Hold the tier, what was tried, and the tiers that may do it."""
        super().__init__(f"the {tier} tier does not allow {what}; the tiers that may: {', '.join(allowed_in)}")
        self.tier = tier
        self.what = what
        self.allowed_in = tuple(allowed_in)


class NotExclusive(UsageError):
    """A test would change a service of a run stack that it shares with other tests."""

    def __init__(self, stack: str, service: str) -> None:
        """Hold what it would have changed."""
        super().__init__(
            f"{service} belongs to the run stack {stack}, which other tests use at this moment: "
            f"a test that changes it has it alone, by @pytest.mark.exclusive"
        )
        self.stack = stack
        self.service = service


class Leak(UsageError):
    """A test left processes of its own behind; they have been ended."""

    def __init__(self, test: str, processes: Sequence[str]) -> None:
        """Hold the test and a line for each process: pid, command and who started it."""
        lines = "".join(f"\n  {process}" for process in processes)
        super().__init__(f"LEAK: {test} left {len(processes)} running behind{lines}")
        self.test = test
        self.processes = tuple(processes)


class WorldError(ZigguratError):
    """It was described rightly, and the world failed."""


class KeeperError(WorldError):
    """The keeper could not do what it was asked for."""

    def __init__(self, kind: str, message: str) -> None:
        """Hold the kind of refusal beside its line."""
        super().__init__(message)
        self.kind = kind


class KeeperLost(KeeperError):
    """The keeper is gone, and with it every service of the run."""

    def __init__(self, message: str = "the keeper is gone, and with it every service of the run") -> None:
        """Say that it is gone."""
        super().__init__("lost", message)


class PortTaken(WorldError):
    """A fixed port that somebody uses."""

    exit_code = 71

    def __init__(self, host: str, port: int, pid: int, command: str) -> None:
        """Hold the address and its owner; pid 0 where this user may not see it."""
        owner = f"pid {pid} ({command})" if pid else "a process that this user may not see"
        super().__init__(f"{host}:{port} is in use by {owner}")
        self.host = host
        self.port = port
        self.pid = pid
        self.command = command


class BuildFailed(WorldError):
    """Cargo did not build; ``output`` is what it printed, as it printed it."""

    def __init__(self, command: Sequence[str], exit_code: int, output: str) -> None:
        """Hold the command, its exit code and what it printed."""
        super().__init__(f"{' '.join(command)} ended with exit code {exit_code}\n{output}".rstrip())
        self.command = tuple(command)
        self.status = exit_code
        self.output = output

    @property
    def brief(self) -> str:
        """One line for whoever saw what cargo printed pass by; why cargo did not run, where it did not."""
        return self.output if self.status == COMMAND_NOT_FOUND else "cargo could not build it"


class StartFailed(WorldError):
    """A stack did not come up; all that had been started is gone again."""

    standings: tuple[Standing, ...] = ()
    """How each service stood at that moment."""
    path: tuple[Leg, ...] = ()
    """The critical path of the start so far."""

    def __str__(self) -> str:
        """Say what failed, then how each service stood and which of them the start had to wait for."""
        services = ["the services:", *(f"  {standing}" for standing in self.standings)] if self.standings else []
        path = [f"critical path: {' → '.join(map(str, self.path))}"] if self.path else []
        return "\n".join([super().__str__(), *services, *path])


class ServiceExited(StartFailed):
    """A service ended while it was starting."""

    def __init__(self, service: str, ending: Ending, last_lines: Sequence[str]) -> None:
        """Hold how it ended and what it said last."""
        super().__init__(f"{service} {ending} while it was starting{_quoted(last_lines)}")
        self.service = service
        self.ending = ending
        self.last_lines = tuple(last_lines)


class NotReady(StartFailed):
    """Services were not ready in time."""

    def __init__(self, waiting: Sequence[Waiting]) -> None:
        """Hold each one that was waited for."""
        super().__init__("\n".join(str(service) for service in waiting))
        self.waiting = tuple(waiting)


class RunStackDown(WorldError):
    """A run stack that nobody can have: it did not start, or could not be restored."""

    def __init__(self, stack: str, reason: str) -> None:
        """Hold the reason in one line; the whole of it stands at the end of the run's output."""
        super().__init__(f"the run stack {stack} is down: {reason}")
        self.stack = stack
        self.reason = reason


class RunStackDamaged(WorldError):
    """A run stack lost services while tests used it; any of these tests may have done it."""

    def __init__(self, damages: Sequence[Damage]) -> None:
        """Hold what was found, of each stack that lost something."""
        super().__init__("\n".join(map(str, damages)))
        self.damages = tuple(damages)


class NotRunning(WorldError):
    """A service that was asked for something is not running."""

    def __init__(self, service: str, state: str) -> None:
        """Hold the service and the state that it is in."""
        super().__init__(f"{service} is not running: it is {state}")
        self.service = service
        self.state = state


class FaultNotEffective(WorldError):
    """A fault that changed nothing, and so a test that tested nothing."""

    def __init__(self, subject: str, fault: str, reason: str) -> None:
        """Hold what was to be disturbed, how, and what was seen instead."""
        super().__init__(f"{subject} was to be {fault}, but {reason}")
        self.subject = subject
        self.fault = fault
        self.reason = reason


class ConditionTimeout(WorldError):
    """What was waited for did not come in time."""

    def __init__(self, what: str, seconds: float, last: object) -> None:
        """Hold what was waited for, how long, and what was seen last."""
        super().__init__(f"{what} did not come in {seconds:g} s; last seen: {last!r}")
        self.what = what
        self.seconds = seconds
        self.last = last


class AlreadyRunning(WorldError):
    """A detached stack of that name is there."""

    def __init__(self, name: str, folder: Path, pid: int) -> None:
        """Hold where it is and the pid of its keeper."""
        super().__init__(f"{name} is already running: keeper {pid} in {folder}")
        self.name = name
        self.folder = folder
        self.pid = pid


class GateClosed(WorldError):
    """The running stack is not one to test; the message says what to do."""

    exit_code = 69

    def __init__(self, reason: str, remedy: str) -> None:
        """Hold why, and the command that mends it."""
        super().__init__(f"{reason}; {remedy}")
        self.reason = reason
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Ending:
    """How a process ended: by itself with an exit code, or by a signal."""

    status: int
    """The exit code, or minus the number of the signal."""

    @property
    def signal(self) -> str:
        """The name of the signal that ended it, or an empty string."""
        if self.status >= 0:
            return ""
        try:
            return signal.Signals(-self.status).name
        except ValueError:
            # Most real-time signals have a number only.
            return f"signal {-self.status}"

    def __str__(self) -> str:
        """Say it as a verb and its object."""
        return f"was ended by {self.signal}" if self.status < 0 else f"exited with code {self.status}"


@dataclass(frozen=True, slots=True)
class Loss:
    """A service of a run stack that is not as it was given."""

    service: str
    state: str
    exit_status: int | None = None

    def __str__(self) -> str:
        """Say what became of it."""
        if self.state == "paused":
            return f"{self.service} stands still (SIGSTOP)"
        return f"{self.service} {Ending(self.exit_status) if self.exit_status is not None else 'is gone'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """What a run stack lost, and which tests had it."""

    stack: str
    losses: tuple[Loss, ...]
    tests: tuple[str, ...]
    """Those that had it at that moment; none where it happened between tests."""
    last: tuple[str, ...] = ()
    """Those that gave it back shortly before, or last."""
    alone: bool = False
    """The test had it alone, and so may leave it as it likes."""

    def __str__(self) -> str:
        """Say what happened, and during which tests."""
        what = f"the run stack {self.stack} was damaged: {', '.join(map(str, self.losses))}"
        used = ", ".join(self.tests) or "no test"
        before = f"\n  used just before by {', '.join(self.last)}" if self.last else ""
        return f"{what}\n  while used by {used}{before}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A service that was not ready when the time was up."""

    service: str
    probe: str
    seconds: float
    reasons: tuple[tuple[str, int], ...]
    """What each attempt found, equal ones counted together, the latest last."""
    last_lines: tuple[str, ...]

    def __str__(self) -> str:
        """Say it on one line, with the last lines of its log below."""
        found = ", ".join(
            f"{reason} \N{MULTIPLICATION SIGN}{count}" if count > 1 else reason for reason, count in self.reasons
        )
        return (
            f"{self.service} was not ready in {self.seconds:g} s ({self.probe}): {found or 'not looked at yet'}"
            f"{_quoted(self.last_lines)}"
        )


def _quoted(lines: Sequence[str]) -> str:
    return "".join(f"\n  | {line}" for line in lines) if lines else " (its log is empty)"
