"""Awaits many probes in one loop, and says of each why it is not ready yet."""

from __future__ import annotations

import errno
import os
import select
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ziggurat import probe as probes
from ziggurat.errors import Ending, NotReady, ServiceExited, Waiting
from ziggurat.spec import Endpoint, LogLine, Notify, Started
from ziggurat.waiting import interval

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ziggurat.lease import Lease
    from ziggurat.spec import Probe

LAST_LINES = 10
NEVER = float("inf")
REFUSED = os.strerror(errno.ECONNREFUSED).lower()
"""As a probe says it."""


@dataclass(slots=True, kw_only=True)
class Awaited:
    """A probe under way."""

    name: str
    sight: probes.Sight
    probe: Probe
    began: float
    seconds: float
    steps: probes.Steps
    need: probes.Need | None = None
    stepped: float = 0.0
    due: float = 0.0
    reasons: dict[str, int] = field(default_factory=dict)

    @property
    def deadline(self) -> float:
        """When the time is up, on the monotonic clock."""
        return self.began + self.seconds

    def advance(self, now: float) -> bool:
        """Take the next step; say whether it is ready."""
        self.need = next(self.steps, None)
        if self.need is None:
            return True
        if not isinstance(self.need, probes.Socket):
            # What is asked over a socket is no reason yet: nearly always it is answered at once.
            self.note(self.need.reason)
        self.stepped = now
        self.due = now + interval(now - self.began) if isinstance(self.need, probes.Retry) else NEVER
        return False

    def as_waiting(self) -> Waiting:
        """Return the facts for the report of a time-out."""
        now = time.monotonic()
        if isinstance(self.need, probes.Socket) and now - self.stepped > interval(now - self.began):
            self.note(self.need.reason)
        return Waiting(
            service=self.name,
            probe=probes.describe(self.probe),
            seconds=self.seconds,
            reasons=tuple(self.reasons.items()),
            last_lines=last_lines(self.sight),
        )

    def note(self, reason: str) -> None:
        """Count a reason and put it last."""
        self.reasons[reason] = self.reasons.pop(reason, 0) + 1


class Readiness:
    """The probes that are awaited over one lease."""

    def __init__(self, lease: Lease) -> None:
        """Await nothing yet."""
        self._lease = lease
        self._awaited: dict[str, Awaited] = {}
        self._services: dict[str, tuple[str, probes.Sight]] = {}

    def __bool__(self) -> bool:
        """Say whether anything is awaited."""
        return bool(self._awaited)

    def add(self, name: str, sight: probes.Sight, probe: Probe, seconds: float) -> None:
        """Await one more probe, for so many seconds from now.

        A service is watched from now on until the last probe is ready: none of them may end before.
        """
        if sight.key:
            self._services[sight.key] = name, sight
        self._awaited[name] = Awaited(
            name=name,
            sight=sight,
            probe=probe,
            began=time.monotonic(),
            seconds=seconds,
            steps=probes.steps(probe, sight),
        )

    def wait_all(self) -> None:
        """Wait until everything is ready."""
        with self._lease.awaiting:
            try:
                while self:
                    self.step()
            finally:
                self.close()

    def close(self) -> None:
        """Give up what is awaited, with the connections that it holds."""
        for awaited in self._awaited.values():
            awaited.steps.close()
        self._awaited.clear()

    def step(self) -> list[str]:
        """Wait for the next happening and return what is ready by it.

        Raises ``ServiceExited`` for a service that ended meanwhile, ``NotReady`` when a probe's time is up.
        """
        # What needs no waiting is ready before anything else is looked at: a service that is ready as soon as it runs
        # may have ended by now, and its start has succeeded all the same.
        ready = self._advance()
        if not ready:
            self._wait()
            self._take_events()
            ready = self._advance()
        self._refuse_late(time.monotonic())
        return ready

    def _advance(self) -> list[str]:
        now = time.monotonic()
        ready = [name for name, awaited in self._awaited.items() if awaited.due <= now and awaited.advance(now)]
        for name in ready:
            self._became_ready(self._awaited.pop(name).sight)
        return ready

    def _wait(self) -> None:
        awaited = self._awaited.values()
        poll = select.poll()
        for descriptor in self._lease.descriptors():
            poll.register(descriptor, select.POLLIN)
        sockets = {item.need.socket.fileno(): item for item in awaited if isinstance(item.need, probes.Socket)}
        for descriptor, item in sockets.items():
            writable = isinstance(item.need, probes.Socket) and item.need.writable
            poll.register(descriptor, select.POLLOUT if writable else select.POLLIN)
        soonest = min(min(item.due, item.deadline) for item in awaited)
        for descriptor, _ in poll.poll(max(0.0, (soonest - time.monotonic()) * 1000)):
            if descriptor in sockets:
                sockets[descriptor].due = 0.0

    def _take_events(self) -> None:
        for event in self._lease.events():
            name, service = self._services.get(event["service"], ("", None))
            if service and event.get("pid", service.spawned_pid) == service.spawned_pid:
                self._take(event, name, service)

    def _take(self, event: Mapping[str, Any], name: str, service: probes.Sight) -> None:
        if event["event"] == "exited":
            raise ServiceExited(name, Ending(event["status"]), last_lines(service))
        if event["event"] == "notified":
            service.hear(event["told"])
        awaited = self._awaited.get(name)
        if awaited and isinstance(awaited.need, probes.Told):
            awaited.due = 0.0

    def _became_ready(self, sight: probes.Sight) -> None:
        if sight.key:
            self._lease.tell("ready", service=sight.key)

    def _refuse_late(self, now: float) -> None:
        if any(now > item.deadline for item in self._awaited.values()):
            for item in self._awaited.values():
                self._look_elsewhere(item)
            raise NotReady([item.as_waiting() for item in self._awaited.values()])

    def _look_elsewhere(self, item: Awaited) -> None:
        """Note where a service listens that refuses every connection where it should."""
        if not item.sight.key or REFUSED not in item.reasons or isinstance(item.probe, Started | Notify | LogLine):
            return
        expected = item.sight.endpoint(item.probe.endpoint)
        for host, port in self._lease.ask("addresses", service=item.sight.key):
            if Endpoint(host, port) != expected:
                item.note(f"it listens at {Endpoint(host, port)} instead")


def last_lines(sight: probes.Sight) -> tuple[str, ...]:
    """Return the last lines of the log since the service was spawned."""
    return sight.log.tail(LAST_LINES, since=sight.log_start)
