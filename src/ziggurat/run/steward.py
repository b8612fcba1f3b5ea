"""The steward of one run stack: starts it when it is wanted, restores it when it was damaged, stops it in the end."""

from __future__ import annotations

import base64
import pickle
from typing import TYPE_CHECKING, Any

from ziggurat import plan, stack as stacks
from ziggurat.errors import KeeperLost, SpecError
from ziggurat.run.journal import Failure, damage_of
from ziggurat.spec import START_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ziggurat.errors import Damage
    from ziggurat.lease import Lease
    from ziggurat.run.description import Description
    from ziggurat.run.journal import Journal
    from ziggurat.spec import Stack
    from ziggurat.stack import RunningStack

    Work = dict[str, Any]


class Steward:
    """Does what the keeper says there is to do for one stack, in a thread of its own."""

    def __init__(self, description: Description, lease: Lease, logs: Path, journal: Journal) -> None:
        """Serve over a connection of the stack's own: starts of several stacks do not wait for each other."""
        self.is_busy = False
        self._description = description
        self._name = description.name
        self._lease = lease
        self._logs = logs
        self._journal = journal
        self._running: RunningStack | None = None

    def serve(self) -> None:
        """Do what there is to do until the end of the run, or of the keeper."""
        try:
            with self._lease:
                while (work := self._lease.ask("attend", stack=self._name))["do"] != "stop":
                    {"start": self._start, "restore": self._restore}[work["do"]](work)
                self._stop(work)
        except KeeperLost:
            # Whoever needs the stack is told so by its own connection.
            return

    def _start(self, _: Work) -> None:
        self._undertake("did not start", self._begin)

    def _begin(self) -> None:
        planned, surroundings = self._description.take()
        self._running = stacks.start(
            planned.stack,
            lease=self._lease,
            log_folder=self._logs,
            hooks=planned.hooks,
            surroundings=surroundings,
        )
        self._publish(pack(self._running.spec))

    def _restore(self, work: Work) -> None:
        damage = damage_of(self._name, work["damage"])
        self._note(damage)
        running = self._present(work["about"])
        what = f"could not be restored after {', '.join(damage.tests or damage.last) or 'no test'}"

        def restored() -> None:
            restore(running, damage)
            self._publish(work["about"]["spec"])

        self._undertake(what, restored)

    def _stop(self, work: Work) -> None:
        if work["damage"]:
            self._note(damage_of(self._name, work["damage"]))
        if self._running:
            failure = self._attempt("did not stop", self._running.stop)
            self._journal.failures.extend([failure] if failure else [])

    def _note(self, damage: Damage) -> None:
        if not damage.alone:
            self._journal.damages.append(damage)

    def _publish(self, packed: str) -> None:
        running = self._running
        if running:
            about = {"spec": packed, "services": stacks.about_services(running)}
            keys = [service.key for service in running.services.values()]
            self._lease.ask("publish", stack=self._name, about=about, keys=keys)

    def _present(self, about: dict[str, Any]) -> RunningStack:
        """Return the stack as it is by now: a test may have had it started again."""
        running = self._running
        if running is None:
            raise KeeperLost
        refresh(running, about["services"])
        return running

    def _undertake(self, what: str, action: Callable[[], None]) -> None:
        """Do it; if it fails nobody can have the stack any more. At the end of the run it fails as it must."""
        self.is_busy = True
        failure = self._attempt(what, action)
        if failure:
            is_over = self._lease.ask("refuse", stack=self._name, brief=failure.brief)
            self._journal.failures.extend([] if is_over else [failure])
        self.is_busy = False

    def _attempt(self, what: str, action: Callable[[], None]) -> Failure | None:
        try:
            action()
        except KeeperLost:
            raise
        except Exception as error:  # noqa: BLE001 - a stack's description is the user's code
            return Failure(self._name, what, error)
        return None


def restore(running: RunningStack, damage: Damage) -> None:
    """Start again what has ended and let go on what stands still, each after what it needs; wait until all is ready.

    Raises what a restart raises.
    """
    lost = {loss.service: loss for loss in damage.losses}
    for level in reversed(plan.stop_levels(plan.dependencies(running.spec))):
        for name in filter(lost.__contains__, level):
            if lost[name].state == "paused":
                running[name].resume()
            else:
                running[name].restart()
    running.wait_ready(START_SECONDS)


def refresh(running: RunningStack, services: dict[str, Any]) -> None:
    """Take over what somebody else's restart may have changed."""
    for name, about in services.items():
        service = running[name]
        service.endpoints.update(stacks.endpoints_of(about))
        service.spawned_pid, service.down = about["pid"], ""


def pack(description: Stack) -> str:
    """Return a stack's description as it travels to the workers."""
    return base64.b64encode(pickle.dumps(description)).decode()


def unpack(packed: str) -> Stack:
    """Return a description that travelled here from the run's own controller."""
    try:
        found: Stack = pickle.loads(base64.b64decode(packed))  # noqa: S301 - over a socket of this user's alone
    except (ImportError, AttributeError, pickle.UnpicklingError) as error:
        message = f"the description of a run stack cannot be loaded in a worker: {error}"
        raise SpecError(message) from error
    return found
