"""End to end: is the stack there, is it the one we think, and is it fit to be tested."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ziggurat import setting, stack as stacks
from ziggurat.binary import binary_of, short
from ziggurat.errors import GateClosed, NotReady

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ziggurat.service import RunningService
    from ziggurat.spec import Stack
    from ziggurat.stack import RunningStack


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Where the stack for the end-to-end tier comes from, and what a person types to bring it up."""

    stack: Stack
    """The stack that was started detached, described as it was."""
    start: str
    """The command that starts it."""
    stop: str
    """The command that stops it."""

    def enter(self) -> RunningStack:
        """Return the running stack, or raise ``GateClosed`` with the reason and the command that mends it.

        It must answer, must not be draining or missing a part, and its programs must be those that are built now.
        """
        running = stacks.attach(self.stack)
        if running is None:
            raise GateClosed(f"no {self.stack.name} stack is running", f"start one with: {self.start}")
        try:
            self._refuse_unfit(running)
        except BaseException:
            running.lease.close()
            raise
        return running

    def _refuse_unfit(self, running: RunningStack) -> None:
        restart = f"restart it with: {self.stop} && {self.start}"
        others = [unfit_report(report) for report in running.started_by_services() if report["state"] == "running"]
        for reason in [*map(unfit, running.services.values()), *others]:
            if reason:
                raise GateClosed(f"the {self.stack.name} stack is not fit: {reason}", restart)
        try:
            running.wait_ready()
        except NotReady as error:
            first = str(error).partition("\n")[0]
            raise GateClosed(f"the {self.stack.name} stack does not answer or is draining: {first}", restart) from error


def unfit(service: RunningService) -> str:
    """Return why a service cannot be tested, or an empty string."""
    facts = service.facts()
    if facts["state"] != "running":
        return f"{service.name} is {facts['state']}"
    return unfit_report({**facts, "name": service.name})


def unfit_report(report: Mapping[str, Any]) -> str:
    """Return why a running service cannot be tested, by what the keeper tells of it, or an empty string."""
    name = report["name"].rpartition("/")[2]
    if report["paused"]:
        return f"{name} stands still (SIGSTOP)"
    binary = binary_of(report)
    if binary.build_id != binary.built_id:
        return f"{name} runs build {short(binary.build_id)}, but {short(binary.built_id)} is built now"
    return ""


def load(place: str) -> Gate:
    """Return the gate that ``module:name`` names; raise ``SpecError`` where there is none."""
    return setting.load("ziggurat_gate", place, Gate)
