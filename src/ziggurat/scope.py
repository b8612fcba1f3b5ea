"""Stacks that live as long as a session, a module or a test, and what they wrote meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ziggurat.errors import Ending, ZigguratError
from ziggurat.log import ServiceLog
from ziggurat.report.text import LogExcerpt

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ziggurat.lease import Lease
    from ziggurat.spec import Stack
    from ziggurat.stack import RunningStack
    from ziggurat.startup import Hooks


class Watch:
    """The stacks that are up, and where their logs stood when the present test began."""

    def __init__(self) -> None:
        """Watch nothing yet."""
        self.stacks: list[RunningStack] = []
        self._offsets: dict[Path, int] = {}

    def begin(self) -> None:
        """Cut the logs here: a test begins."""
        self._offsets = {log.path: log.size() for stack in self.stacks for log in _logs(stack)}

    def excerpts(self) -> list[LogExcerpt]:
        """Return what each service wrote since the test began, or since it was started in it."""
        return [excerpt for stack in self.stacks for excerpt in self._excerpts(stack)]

    def _excerpts(self, stack: RunningStack) -> Iterator[LogExcerpt]:
        for name, service in stack.services.items():
            yield self._excerpt(f"{stack.spec.name}.{name}", _state(stack, name), service.log)
        for report in _started_by_services(stack):
            name = f"{stack.spec.name}.{report['name'].partition('/')[2]}"
            yield self._excerpt(name, _said(report), ServiceLog(Path(report["log"])))

    def _excerpt(self, name: str, state: str, log: ServiceLog) -> LogExcerpt:
        lines = log.lines(self._offsets.get(log.path, 0))
        return LogExcerpt(service=name, state=state, lines=tuple(lines), path=log.path)


class StackScope:
    """Starts stacks, and stops them in reverse when its scope ends."""

    def __init__(self, lease: Lease, log_folder: Path, watch: Watch) -> None:
        """Start over a lease."""
        self._lease = lease
        self._folder = log_folder
        self._watch = watch
        self._started: list[RunningStack] = []

    def start(self, stack: Stack, *, hooks: Hooks | None = None) -> RunningStack:
        """Start a stack and return it when it is ready; it is stopped when the scope ends.

        Raises what ``ziggurat.start`` raises.
        """
        from ziggurat.stack import start
        from ziggurat.startup import NO_HOOKS

        running = start(stack, lease=self._lease, log_folder=self._folder, hooks=hooks or NO_HOOKS)
        self._started.append(running)
        self._watch.stacks.append(running)
        return running

    def end(self) -> None:
        """Stop every stack, also after one that would not stop; raise the first failure."""
        failures: list[ZigguratError] = []
        for running in reversed(self._started):
            self._watch.stacks.remove(running)
            try:
                running.stop()
            except ZigguratError as error:
                failures.append(error)
        self._started.clear()
        if failures:
            raise failures[0]


def _state(stack: RunningStack, name: str) -> str:
    try:
        facts = stack[name].facts()
    except ZigguratError as error:
        return str(error)
    return _said(facts)


def _said(facts: Mapping[str, Any]) -> str:
    ended = facts["state"] == "exited" and facts["exit_status"] is not None
    return str(Ending(facts["exit_status"])) if ended else str(facts["state"])


def _logs(stack: RunningStack) -> list[ServiceLog]:
    own = [service.log for service in stack.services.values()]
    return own + [ServiceLog(Path(report["log"])) for report in _started_by_services(stack)]


def _started_by_services(stack: RunningStack) -> list[dict[str, Any]]:
    """Return what the keeper tells of those that services of the stack started themselves."""
    try:
        return stack.started_by_services()
    except ZigguratError:
        return []
