"""Awaits many probes in one loop, and says of each why it is not ready yet."""

from __future__ import annotations

import select
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ziggurat import probe as probes
from ziggurat.errors import Ending, NotReady, ServiceExited, Waiting
from ziggurat.service import RunningService
from ziggurat.waiting import interval

if TYPE_CHECKING:
    from ziggurat.lease import Lease
    from ziggurat.spec import Probe

LAST_LINES = 10
NEVER = float("inf")


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
    due: float = 0.0
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def deadline(self) -> float:
        """When the time is up, on the monotonic clock."""
        return self.began + self.seconds

    def advance(self, now: float) -> bool:
        """Take the next step; say whether it is ready."""
        self.need = next(self.steps, None)
        if self.need is None:
            return True
        if not isinstance(self.need, probes.Socket) or not self.need.writable:
            self.reasons[self.need.reason] += 1
        self.due = now + interval(now - self.began) if isinstance(self.need, probes.Retry) else NEVER
        return False

    def as_waiting(self) -> Waiting:
        """Return the facts for the report of a time-out."""
        return Waiting(
            service=self.name,
            probe=probes.describe(self.probe),
            seconds=self.seconds,
            reasons=tuple(self.reasons.items()),
            last_lines=self.sight.log.tail(LAST_LINES),
        )


class Readiness:
    """The probes that are awaited over one lease."""

    def __init__(self, lease: Lease) -> None:
        """Await nothing yet."""
        self._lease = lease
        self._awaited: dict[str, Awaited] = {}

    def __bool__(self) -> bool:
        """Say whether anything is awaited."""
        return bool(self._awaited)

    def add(self, name: str, sight: probes.Sight, probe: Probe, seconds: float) -> None:
        """Await one more probe, for so many seconds from now."""
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
        while self:
            self.step()

    def step(self) -> list[str]:
        """Wait for the next happening and return what is ready by it.

        Raises ``ServiceExited`` for a service that ended meanwhile, ``NotReady`` when a probe's time is up.
        """
        self._wait()
        self._take_events()
        now = time.monotonic()
        ready = [name for name, awaited in self._awaited.items() if awaited.due <= now and awaited.advance(now)]
        for name in ready:
            self._became_ready(self._awaited.pop(name).sight)
        self._refuse_late(now)
        return ready

    def _wait(self) -> None:
        awaited = self._awaited.values()
        poll = select.poll()
        poll.register(self._lease.fileno(), select.POLLIN)
        sockets = {item.need.socket.fileno(): item for item in awaited if isinstance(item.need, probes.Socket)}
        for descriptor, item in sockets.items():
            writable = isinstance(item.need, probes.Socket) and item.need.writable
            poll.register(descriptor, select.POLLOUT if writable else select.POLLIN)
        soonest = min(min(item.due, item.deadline) for item in awaited)
        for descriptor, _ in poll.poll(max(0.0, (soonest - time.monotonic()) * 1000)):
            if descriptor in sockets:
                sockets[descriptor].due = 0.0

    def _take_events(self) -> None:
        services = {item.sight.key: item for item in self._awaited.values() if isinstance(item.sight, RunningService)}
        for event in self._lease.events():
            awaited = services.get(event["service"])
            if awaited is None or not isinstance(awaited.sight, RunningService):
                continue
            if event.get("pid", awaited.sight.spawned_pid) != awaited.sight.spawned_pid:
                continue
            if event["event"] == "exited":
                raise ServiceExited(awaited.name, Ending(event["status"]), awaited.sight.log.tail(LAST_LINES))
            if event["event"] == "notified":
                awaited.sight.hear(event["told"])
            if isinstance(awaited.need, probes.Told):
                awaited.due = 0.0

    def _became_ready(self, sight: probes.Sight) -> None:
        if isinstance(sight, RunningService):
            self._lease.ask("ready", service=sight.key)
            sight.ask_for_ports()

    def _refuse_late(self, now: float) -> None:
        if any(now > item.deadline for item in self._awaited.values()):
            raise NotReady([item.as_waiting() for item in self._awaited.values()])
