"""The stacks that several clients share: started by their steward when first wanted, and given out by turns.

The steward is the connection that attends to the stack: it is told what there is to do and does it. All others claim
the stack, with others or alone, and lose what they have with their connection.
"""

from __future__ import annotations

import time

from .refusal import Refused
from .shared_stack import SharedStack
from .turns import Claim, Turns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .connection import Connection
    from .service import Service

    Request = dict[str, object]
    Answer = Callable[[object], None]
    Damage = dict[str, object]

RECHECK = 0.002  # seconds between looks at a service that was killed and is not gone
CHANGING = frozenset({"stop", "signal", "again", "remove", "change"})
"""The verbs by which a service is changed, which takes having its stack alone."""


class Sharing:
    """All shared stacks of a run."""

    def __init__(self, services: dict[str, Service], later: Callable[[float, Callable[[], None]], object]) -> None:
        """Share nothing yet; these are the services of the keeper, and what does something after so many seconds."""
        self._services = services
        self._later = later
        self._stacks: dict[str, SharedStack] = {}
        self._turns = Turns()
        self._answers: dict[Claim, Answer] = {}
        self._known: dict[Claim, dict[str, int]] = {}
        self._damages: dict[Connection, list[Damage]] = {}
        self._is_dismissed = False

    # === what the keeper asks of it ===

    def refuse_change(self, connection: Connection, request: Request) -> None:
        """Raise ``Refused`` where somebody would change a service of a stack that others use too."""
        if request.get("do") not in CHANGING:
            return
        stack = self._stack_of(str(request.get("service")))
        if stack is None or connection is stack.steward:
            return
        if request["do"] == "remove" or not self._turns.has(connection).get(stack.name):
            service = str(request["service"]).rpartition(".")[2]
            raise Refused("shared", f"{service} of {stack.name} is shared", stack=stack.name, service=service)

    def hear(self, event: dict[str, object]) -> None:
        """Take note of a service that ended; who has its stack alone may do that, and is looked at when it leaves."""
        if event["event"] != "exited":
            return
        stack = self._stack_of(str(event["service"]))
        if stack and stack.state == "ready" and not self._turns.is_alone(stack.name):
            self._look_at(stack)
            self._go_on()

    def left(self, connection: Connection) -> None:
        """Take back what a lost connection had."""
        self._leave(connection)
        self._damages.pop(connection, None)
        for stack in self._stacks.values():
            if stack.steward is connection:
                self._close(stack, "its steward is gone")
        self._go_on()

    # === requests of stewards ===

    def attend(self, connection: Connection, request: Request, answer: Answer) -> None:
        """Tell the steward what there is to do, now or when there is."""
        stack = self._stack(str(request["stack"]))
        stack.steward, stack.attending = connection, answer
        self._go_on()

    def publish(self, _: Connection, request: Request, answer: Answer) -> None:
        """Have a stack ready for all."""
        self._stack(str(request["stack"])).publish(request["about"], request["keys"])  # type: ignore[arg-type]
        answer(None)
        self._go_on()

    def refuse(self, _: Connection, request: Request, answer: Answer) -> None:
        """Have a stack that nobody can have; answer whether the run is over anyway."""
        self._close(self._stack(str(request["stack"])), str(request["brief"]))
        answer(self._is_dismissed)
        self._go_on()

    def dismiss(self, _: Connection, __: Request, answer: Answer) -> None:
        """Have every steward stop its stack."""
        self._is_dismissed = True
        answer(None)
        self._go_on()

    # === requests of all others ===

    def want(self, _: Connection, request: Request, answer: Answer) -> None:
        """Have stacks started that will be claimed."""
        self._want(request["stacks"])  # type: ignore[arg-type]
        answer(None)
        self._go_on()

    def claim(self, connection: Connection, request: Request, answer: Answer) -> None:
        """Give stacks, all of them at once; answer when they are given.

        Raises ``Refused`` (stack) for one that cannot be had, (ring) where waiting would never end.
        """
        wants: dict[str, bool] = request["stacks"]  # type: ignore[assignment]
        self._want(list(wants))
        self._refuse_closed(wants)
        claim = Claim(connection, wants, str(request["label"]))
        ring = self._turns.ring(claim)
        if ring:
            told = " waits for ".join([*ring, ring[0]])
            raise Refused("ring", f"they would wait for ever: {told}; name in its mark each stack that a test uses")
        self._answers[claim], self._known[claim] = answer, request.get("known", {})  # type: ignore[assignment]
        self._turns.ask(claim)
        self._go_on()

    def unclaim(self, connection: Connection, request: Request, answer: Answer) -> None:
        """Take back all that somebody has, and tell what happened to it meanwhile.

        A service that was killed but has not come to its end yet is waited for: else its end would be laid to whoever
        has the stack next.
        """
        if self._has_doomed(connection):
            self._later(RECHECK, lambda: self.unclaim(connection, request, answer))
            return
        moved: dict[str, dict[str, object]] = request.get("moved", {})  # type: ignore[assignment]
        for name, services in moved.items():
            self._stack(name).move(services)
        self._leave(connection)
        answer(self._damages.pop(connection, []))
        self._go_on()

    # === within ===

    def _stack(self, name: str) -> SharedStack:
        return self._stacks.setdefault(name, SharedStack(name))

    def _stack_of(self, service: str) -> SharedStack | None:
        return next((stack for stack in self._stacks.values() if service in stack.keys), None)

    def _want(self, names: list[str]) -> None:
        for stack in map(self._stack, names):
            if stack.state == "unwanted":
                stack.state = "starting"

    def _close(self, stack: SharedStack, brief: str) -> None:
        stack.state, stack.brief = "refused", brief

    def _refuse_closed(self, wants: dict[str, bool]) -> None:
        for stack in map(self._stack, wants):
            if stack.state == "refused":
                raise Refused("stack", stack.brief, stack=stack.name)

    def _leave(self, connection: Connection) -> None:
        for stack in map(self._stack, self._turns.has(connection)):
            if stack.state == "ready":
                self._look_at(stack)
            stack.left(time.monotonic(), self._turns.holders(stack.name)[connection])
        for claim in self._turns.leave(connection):
            del self._answers[claim], self._known[claim]

    def _has_doomed(self, connection: Connection) -> bool:
        keys = [key for name in self._turns.has(connection) for key in self._stack(name).keys]
        return any(service.is_doomed() for key in keys if (service := self._services.get(key)))

    def _look_at(self, stack: SharedStack) -> None:
        """Find out whether the stack is as it was given, and tell all who have it if it is not."""
        losses = [found for key in sorted(stack.keys) if (found := self._loss(key))]
        if not losses:
            return
        holders = self._turns.holders(stack.name)
        is_alone = self._turns.is_alone(stack.name)
        stack.state = "damaged"
        stack.damage = {
            "losses": losses,
            "tests": [*holders.values()],
            "last": stack.last(time.monotonic()),
            "alone": is_alone,
        }
        if not is_alone:
            for connection in holders:
                told = self._damages.setdefault(connection, [])  # type: ignore[arg-type]
                told.append({"stack": stack.name, **stack.damage})

    def _loss(self, key: str) -> dict[str, object] | None:
        service = self._services.get(key)
        name = key.rpartition(".")[2]
        if service is None:
            return {"service": name, "state": "removed", "exit_status": None}
        report = service.report()
        if report["paused"]:
            return {"service": name, "state": "paused", "exit_status": None}
        if service.state == "running" or service.heals_itself():
            return None
        return {"service": name, "state": "exited", "exit_status": service.exit_status}

    def _go_on(self) -> None:
        """Give stewards their work, refuse what cannot be had any more, and grant what can."""
        for stack in self._stacks.values():
            self._employ(stack)
        for claim in list(self._turns.waiting):
            try:
                self._refuse_closed(claim.wants)
            except Refused as refusal:
                self._turns.withdraw(claim)
                self._known.pop(claim)
                self._answers.pop(claim)(refusal)
        closed = {stack.name for stack in self._stacks.values() if stack.state != "ready"}
        for claim in self._turns.grant(closed):
            self._answers.pop(claim)(self._given(claim.wants, self._known.pop(claim)))

    def _employ(self, stack: SharedStack) -> None:
        work = stack.work(has_holders=bool(self._turns.holders(stack.name)), is_over=self._is_dismissed)
        if work and stack.attending:
            attending, stack.attending = stack.attending, None
            attending(work)

    def _given(self, wants: dict[str, bool], known: dict[str, int]) -> dict[str, object]:
        """Return what a client must know of each stack, without what it knows."""
        stacks = [self._stack(name) for name in wants]
        return {
            stack.name: {
                "edition": stack.edition,
                "about": stack.about if known.get(stack.name) != stack.edition else None,
            }
            for stack in stacks
        }


VERBS: dict[str, Callable[[Sharing, Connection, Request, Answer], None]] = {
    "attend": Sharing.attend,
    "publish": Sharing.publish,
    "refuse": Sharing.refuse,
    "dismiss": Sharing.dismiss,
    "want": Sharing.want,
    "claim": Sharing.claim,
    "unclaim": Sharing.unclaim,
}
