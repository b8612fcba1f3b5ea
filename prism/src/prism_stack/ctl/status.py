"""How the local stack is: looked at afresh, never remembered."""

from dataclasses import asdict, dataclass
from typing import Any

from prism_stack.ctl.output import seconds, table
from ziggurat import NotReady, RunningService, RunningStack
from ziggurat.binary import short
from ziggurat.gate import unfit, unfit_report

COLUMNS = ("NAME", "STATE", "PID", "UPTIME", "RESTARTS", "BUILD", "ENDPOINTS")
SHORTEST = 8
"""Characters of a build id: with them a proxy's line has room in 100 columns; JSON has all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartStatus:
    """How one service is: a part of the stack, or a process that its launcher started."""

    name: str
    state: str
    pid: int
    uptime_seconds: float
    restarts: int
    build_id: str
    endpoints: dict[str, str]
    problem: str
    """Why it is not fit to be used or tested; empty where it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackStatus:
    """How the whole is."""

    running: bool
    answers: bool
    reason: str
    """Why it does not answer; empty where it does."""
    keeper_pid: int = 0
    parts: tuple[PartStatus, ...] = ()


def look(running: RunningStack | None) -> StackStatus:
    """Ask the keeper about every service, and the stack whether it answers."""
    if running is None:
        return StackStatus(running=False, answers=False, reason="no local stack is running")
    reason = _why_silent(running)
    return StackStatus(
        running=True,
        answers=not reason,
        reason=reason,
        keeper_pid=running.lease.about_keeper["pid"],
        parts=(
            *(_part(service) for service in running.services.values()),
            *(_process(running, report) for report in running.started_by_services() if report["state"] == "running"),
        ),
    )


def as_json(status: StackStatus) -> dict[str, object]:
    """Return a status as JSON's values."""
    return asdict(status)


def as_text(status: StackStatus) -> str:
    """Return a status as a table for people."""
    if not status.running:
        return f"{status.reason}; start one with: prismctl local start"
    head = "the local stack answers" if status.answers else f"the local stack does not answer: {status.reason}"
    problems = [part.problem for part in status.parts if part.problem]
    return f"{head} (keeper {status.keeper_pid})\n{table(COLUMNS, map(_row, status.parts), problems)}"


def _part(service: RunningService) -> PartStatus:
    facts = service.facts()
    running = facts["state"] == "running"
    return PartStatus(
        name=service.name,
        state="paused" if facts.get("paused") else facts["state"],
        pid=facts["pid"] if running else 0,
        uptime_seconds=round(facts.get("uptime", 0.0), 3),
        restarts=facts.get("restarts", 0),
        build_id=facts.get("build_id", ""),
        endpoints={name: str(endpoint) for name, endpoint in service.endpoints.items()},
        problem=unfit(service),
    )


def _process(running: RunningStack, report: dict[str, Any]) -> PartStatus:
    """Return how a process of the launcher is; where it listens is seen, since nobody declared it."""
    listens = [f"{host}:{port}" for host, port in running.lease.ask("addresses", service=report["name"])]
    return PartStatus(
        name=report["name"].rpartition("/")[2],
        state="paused" if report["paused"] else report["state"],
        pid=report["pid"],
        uptime_seconds=round(report["uptime"], 3),
        restarts=report["restarts"],
        build_id=report["build_id"],
        endpoints=dict(zip(("data",), listens, strict=False)),
        problem=unfit_report(report),
    )


def _row(part: PartStatus) -> tuple[str, ...]:
    endpoints = " ".join(f"{name}={address}" for name, address in part.endpoints.items())
    pid, uptime = str(part.pid or "-"), seconds(part.uptime_seconds)
    return (part.name, part.state, pid, uptime, str(part.restarts), short(part.build_id)[:SHORTEST], endpoints)


def _why_silent(running: RunningStack) -> str:
    try:
        running.wait_ready()
    except NotReady as silent:
        return str(silent).partition("\n")[0]
    return ""
