"""Shows logs of several services as one stream, each line with its service's name."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from prism_stack.errors import UsageError
from ziggurat import KeeperLost, RunningStack, ServiceLog

LOOK_EVERY = 0.1
"""Seconds between looks: quick for a person who reads along."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """With how many lines to begin, and whether to go on."""

    lines: int
    forever: bool = False


class UnknownLog(UsageError):
    """A name that nothing in the stack has."""

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(f"nothing in the local stack is called {name!r}; there is {', '.join(known)}")
        self.name = name
        self.known = tuple(known)


def logs_of(running: RunningStack, name: str | None = None) -> dict[str, ServiceLog]:
    """Return the logs by name: of the parts, and of the processes that the launcher started; or one of them.

    Raises `UnknownLog`.
    """
    logs = {service.name: service.log for service in running.services.values()}
    for report in running.started_by_services():
        logs[report["name"].partition("/")[2]] = ServiceLog(Path(report["log"]))
    if name is None:
        return logs
    if name not in logs:
        raise UnknownLog(name, list(logs))
    return {name: logs[name]}


def last_lines(running: RunningStack, name: str | None, count: int) -> list[dict[str, str]]:
    """Return the last lines of each log, each with the name of who wrote it."""
    return [
        {"name": name_of, "line": line} for name_of, log in logs_of(running, name).items() for line in log.tail(count)
    ]


def show_logs(running: RunningStack, name: str | None, follow: Follow, say: Callable[[str], None]) -> None:
    """Say the last lines of each log; then, if asked to, each line as it comes, until the stack is gone."""
    logs = logs_of(running, name)
    seen = {name: log.size() for name, log in logs.items()}
    for name_of, log in logs.items():
        for line in log.tail(follow.lines):
            say(f"{name_of:<{_width(logs)}} | {line}")
    while follow.forever:
        time.sleep(LOOK_EVERY)
        try:
            logs = logs_of(running, name)
        except KeeperLost:
            return
        for name_of, line in _new_lines(logs, seen):
            say(f"{name_of:<{_width(logs)}} | {line}")


def _new_lines(logs: Mapping[str, ServiceLog], seen: dict[str, int]) -> list[tuple[str, str]]:
    """Return the lines that are complete, with their logs' names, and remember where the next ones begin."""
    found = []
    for name, log in logs.items():
        begin = seen.setdefault(name, 0)
        if log.size() > begin:
            data = log.read(begin)
            whole = data[: data.rfind(b"\n") + 1]
            seen[name] += len(whole)
            found += [(name, line) for line in whole.decode(errors="replace").splitlines()]
    return found


def _width(logs: Mapping[str, ServiceLog]) -> int:
    return max(map(len, logs))
