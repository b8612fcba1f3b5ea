"""The tree of errors, and what each says."""

import inspect
import re
from pathlib import Path

import pytest

from ziggurat import errors
from ziggurat.course import Leg, Standing
from ziggurat.errors import (
    AlreadyRunning,
    BuildFailed,
    ConditionTimeout,
    CycleError,
    Ending,
    GateClosed,
    KeeperError,
    KeeperLost,
    NotReady,
    NotRunning,
    PortTaken,
    ProgramNotFound,
    ServiceExited,
    TierViolation,
    UnknownName,
    UsageError,
    Waiting,
    WorldError,
    ZigguratError,
)

TIMES = "\N{MULTIPLICATION SIGN}"
BRANCH = re.compile(r"^(?P<indent>[│ ]*(?:[├└]── )?)(?P<name>[A-Z]\w+)", re.MULTILINE)


def drawn() -> dict[str, str]:
    """Return each class of the drawing with the one above it."""
    parents: dict[str, str] = {}
    above: list[str] = []
    for match in BRANCH.finditer((errors.__doc__ or "").partition("\n")[2]):
        depth = len(match["indent"]) // 4
        parents[match["name"]] = above[depth - 1] if depth else "Exception"
        above[depth:] = [match["name"]]
    return parents


def defined() -> dict[str, str]:
    """Return each exception of the module with its base."""
    classes = inspect.getmembers(errors, inspect.isclass)
    return {name: made.__bases__[0].__name__ for name, made in classes if issubclass(made, Exception)}


def test_the_drawing_is_the_tree() -> None:
    """A reader may trust it."""
    assert drawn() == defined()


WAITING = Waiting(
    service="web", probe="TCP connection to http", seconds=2.0, reasons=(("refused", 3), ("reset", 1)), last_lines=()
)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (CycleError(["a", "b", "a"]), "services wait for each other: a → b → a"),
        (UnknownName("endpoint of web", "htpp", ["http"]), "there is no endpoint of web 'htpp'; there is http"),
        (UnknownName("service", "web", []), "there is no service 'web'; there is none"),
        (
            ProgramNotFound("web", "webb", "there is no such program"),
            "web: cannot start webb: there is no such program",
        ),
        (
            TierViolation("unit", "the network (connect 127.0.0.1:80)", ["integration", "e2e"]),
            "the unit tier does not allow the network (connect 127.0.0.1:80); the tiers that may: integration, e2e",
        ),
        (KeeperLost(), "the keeper is gone, and with it every service of the run"),
        (PortTaken("127.0.0.1", 9090, 17, "nc -l"), "127.0.0.1:9090 is in use by pid 17 (nc -l)"),
        (PortTaken("127.0.0.1", 9090, 0, ""), "127.0.0.1:9090 is in use by a process that this user may not see"),
        (BuildFailed(["cargo", "build"], 101, "error: no\n"), "cargo build ended with exit code 101\nerror: no"),
        (
            ServiceExited("web", Ending(64), ["bad flag"]),
            "web exited with code 64 while it was starting\n  | bad flag",
        ),
        (ServiceExited("web", Ending(-9), []), "web was ended by SIGKILL while it was starting (its log is empty)"),
        (
            NotReady([WAITING]),
            f"web was not ready in 2 s (TCP connection to http): refused {TIMES}3, reset (its log is empty)",
        ),
        (NotRunning("web", "exited"), "web is not running: it is exited"),
        (ConditionTimeout("the line", 1.5, None), "the line did not come in 1.5 s; last seen: None"),
        (AlreadyRunning("prism", Path("/run/x"), 5), "prism is already running: keeper 5 in /run/x"),
        (GateClosed("no stack is running", "start one with: up"), "no stack is running; start one with: up"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_an_error_says_its_facts(error: ZigguratError, said: str) -> None:
    """In one sentence for a person, composed of what the attributes hold."""
    assert str(error) == said


def test_each_service_that_was_waited_for_has_a_line() -> None:
    """With its own reasons and its own last lines."""
    other = Waiting(service="db", probe="running", seconds=2.0, reasons=(), last_lines=("one", "two"))

    assert str(NotReady([WAITING, other])).splitlines()[1:] == [
        "db was not ready in 2 s (running): not looked at yet",
        "  | one",
        "  | two",
    ]


@pytest.mark.parametrize(
    ("status", "said", "signal"),
    [
        (0, "exited with code 0", ""),
        (71, "exited with code 71", ""),
        (-15, "was ended by SIGTERM", "SIGTERM"),
        (-35, "was ended by signal 35", "signal 35"),
    ],
)
def test_an_ending_tells_exit_codes_from_signals(status: int, said: str, signal: str) -> None:
    """By name where the signal has one; the real-time signals have none."""
    ending = Ending(status)

    assert (str(ending), ending.signal) == (said, signal)


@pytest.mark.parametrize(
    ("error", "code"), [(UsageError, 64), (GateClosed, 69), (WorldError, 70), (KeeperError, 70), (PortTaken, 71)]
)
def test_the_exit_code_of_a_command_belongs_to_its_error(error: type[ZigguratError], code: int) -> None:
    """As the process contract numbers them."""
    assert error.exit_code == code


def test_a_failed_start_says_how_each_service_stood() -> None:
    """And which of them it had to wait for."""
    failed = NotReady([WAITING])
    failed.standings = (Standing("db", "ready after 12 ms"), Standing("web", "not started, it waits for api"))
    failed.path = (Leg("db", 0.012), Leg("api", 2.0, is_over=False))

    assert str(failed).splitlines()[-4:] == [
        "the services:",
        "  db: ready after 12 ms",
        "  web: not started, it waits for api",
        "critical path: db 12 ms → api 2.0 s so far",
    ]
