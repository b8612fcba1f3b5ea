"""Stacks that live as long as a session, a module or a test, and what they wrote meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ziggurat.errors import Ending, ZigguratError
from ziggurat.report.text import LogExcerpt

if TYPE_CHECKING:
    from pathlib import Path

    from ziggurat.lease import Lease
    from ziggurat.spec import Stack
    from ziggurat.stack import RunningStack


class Watch:
    """The stacks that are up, and where their logs stood when the present test began."""

    def __init__(self) -> None:
        """Watch nothing yet."""
        self.stacks: list[RunningStack] = []
        self._offsets: dict[Path, int] = {}

    def begin(self) -> None:
        """Cut the logs here: a test begins."""
        self._offsets = {
            service.log.path: service.log.size() for stack in self.stacks for service in stack.services.values()
        }

    def excerpts(self) -> list[LogExcerpt]:
        """Return what each service wrote since the test began, or since it was started in it."""
        return [self._excerpt(stack, name) for stack in self.stacks for name in stack.services]

    def _excerpt(self, stack: RunningStack, name: str) -> LogExcerpt:
        service = stack[name]
        lines = service.log.lines(self._offsets.get(service.log.path, 0))
        label = f"{stack.spec.name}.{name}"
        return LogExcerpt(service=label, state=_state(stack, name), lines=tuple(lines), path=service.log.path)


class StackScope:
    """Starts stacks, and stops them in reverse when its scope ends."""

    def __init__(self, lease: Lease, log_folder: Path, watch: Watch) -> None:
        """Start over a lease."""
        self._lease = lease
        self._folder = log_folder
        self._watch = watch
        self._started: list[RunningStack] = []

    def start(self, stack: Stack) -> RunningStack:
        """Start a stack and return it when it is ready; it is stopped when the scope ends.

        Raises what ``ziggurat.start`` raises.
        """
        from ziggurat.stack import start

        running = start(stack, lease=self._lease, log_folder=self._folder)
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
    ended = facts["state"] == "exited" and facts["exit_status"] is not None
    return str(Ending(facts["exit_status"])) if ended else str(facts["state"])
