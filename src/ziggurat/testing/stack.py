"""Stacks of fake services, as a fixture or a helper is given them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Self

from ziggurat import plan
from ziggurat.relayed import RELAY, with_relay
from ziggurat.scope import StackScope
from ziggurat.spec import GrpcHealth, Http, Link, Notify, Service, Stack, Tcp
from ziggurat.stack import RunningStack, start
from ziggurat.startup import NO_HOOKS, Hooks
from ziggurat.testing.lease import FakeLease
from ziggurat.testing.link import FakeLink
from ziggurat.testing.script import Script

PATIENCE = 0.05
"""Seconds for a service whose script says that it never is ready."""


class FakeStack(RunningStack):
    """A running stack whose services are played; what a test makes happen to them is here."""

    fakes: FakeLease
    """The keeper that plays them: what was asked of it, and each process."""
    _links: dict[Link, FakeLink]

    @classmethod
    def over(cls, running: RunningStack, fakes: FakeLease) -> FakeStack:
        """Return a stack that was started over a fake keeper."""
        made = cls(running.spec, fakes, running.services, held=[], owned=True)
        made.course = running.course
        made.fakes = fakes
        made._links = {}
        return made

    def link(self, source: str, target: str) -> FakeLink:
        """Return a link that was declared, or raise ``UnknownName``; it is the same each time."""
        real = super().link(source, target)
        made = FakeLink(spec=real.spec, number=real.number, relay=self[RELAY])
        return self._links.setdefault(real.spec, made)

    def command(self, service: str) -> tuple[str, ...]:
        """Return the command line of a service as it was filled in."""
        return tuple(self.fakes.process(service).spec["argv"])

    def environment(self, service: str) -> dict[str, str]:
        """Return the variables of a service as they were filled in."""
        return dict(self.fakes.process(service).spec["env"])

    def write(self, service: str, *lines: str) -> None:
        """Have a service write lines to its log."""
        self.fakes.process(service).write(lines)

    def crash(self, service: str, status: int = 1) -> None:
        """Have a service end by itself: with an exit code, or minus a signal."""
        self.fakes.process(service).end(status)


class FakeStacks(StackScope):
    """Stands in for the fixtures that start stacks: ``session_stacks``, ``module_stacks`` and ``test_stacks``."""

    def __init__(self, folder: Path, scripts: Mapping[str, Script] | None = None) -> None:
        """Play services by scripts under their names; logs go to the folder, which is the caller's."""
        # Not the parent's: that has a keeper, and somebody who records.
        self.started: list[FakeStack] = []
        self._folder = folder
        self._scripts = scripts or {}

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop every stack."""
        self.end()

    def start(self, stack: Stack, *, hooks: Hooks | None = None) -> FakeStack:
        """Start a stack and return it.

        Raises what ``ziggurat.start`` raises, by the scripts: ``ServiceExited``, ``NotReady`` and ``SpecError``.
        """
        plan.dependencies(stack)
        fakes = FakeLease(self._folder, self._scripts)
        try:
            running = start(
                _played(with_relay(stack), self._scripts), lease=fakes, log_folder=self._folder, hooks=hooks or NO_HOOKS
            )
        except BaseException:
            fakes.close()
            raise
        self.started.append(FakeStack.over(running, fakes))
        return self.started[-1]

    def end(self) -> None:
        """Stop every stack, the latest first."""
        while self.started:
            self.started.pop().stop()


def _played(stack: Stack, scripts: Mapping[str, Script]) -> Stack:
    """Return a stack that asks nothing over the network: readiness is what a script says."""
    return replace(stack, services=tuple(_scripted(service, scripts) for service in stack.services), ready=())


def _scripted(service: Service, scripts: Mapping[str, Script]) -> Service:
    asks_by_socket = isinstance(service.ready, Tcp | GrpcHealth | Http)
    ready = Notify() if asks_by_socket else service.ready
    script = scripts.get(service.name)
    seconds = service.start_seconds if script is None or script.is_ready else PATIENCE
    return replace(service, ready=ready, start_seconds=seconds, command=(sys.executable, *service.command))
