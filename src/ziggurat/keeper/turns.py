"""Who has which stack, with others or alone, and who is next: pure, it knows no sockets and no clock.

First come, first served: whoever waits for a stack alone is not overtaken by those who would share it, and so is never
starved. Whoever has something already and asks for more overtakes the queue, for the queue may be waiting for it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container

    Wants = dict[str, bool]
    """Stacks by name; true for alone."""


class Claim:
    """What somebody asks for at once, all of it or nothing, and what for."""

    __slots__ = ("label", "wants", "who")

    def __init__(self, who: object, wants: Wants, label: str) -> None:
        """Hold who asks for what; the label is for people."""
        self.who = who
        self.wants = wants
        self.label = label


class Turns:
    """The claims that were granted, and those that wait."""

    def __init__(self) -> None:
        """Let everything be free."""
        self.waiting: list[Claim] = []
        self._granted: list[Claim] = []

    def ask(self, claim: Claim) -> None:
        """Put a claim at the end of the queue."""
        self.waiting.append(claim)

    def grant(self, closed: Container[str]) -> list[Claim]:
        """Grant what can be granted, in the order of asking; a closed stack is given to nobody."""
        granted = []
        passed_over: list[Claim] = []
        for claim in self.waiting:
            ahead = [] if self.has(claim.who) else passed_over
            if any(name in closed for name in claim.wants) or _conflicts(claim, [*self._granted, *ahead]):
                passed_over.append(claim)
            else:
                self._granted.append(claim)
                granted.append(claim)
        self.waiting = passed_over
        return granted

    def leave(self, who: object) -> list[Claim]:
        """Take back all that somebody has, and return what it still waited for."""
        given_up = [claim for claim in self.waiting if claim.who is who]
        self._granted = [claim for claim in self._granted if claim.who is not who]
        self.waiting = [claim for claim in self.waiting if claim.who is not who]
        return given_up

    def withdraw(self, claim: Claim) -> None:
        """Take a waiting claim out of the queue."""
        self.waiting.remove(claim)

    def has(self, who: object) -> Wants:
        """Return what somebody has."""
        return {name: alone for claim in self._granted if claim.who is who for name, alone in claim.wants.items()}

    def holders(self, name: str) -> dict[object, str]:
        """Return who has a stack, and what for."""
        return {claim.who: claim.label for claim in self._granted if name in claim.wants}

    def is_alone(self, name: str) -> bool:
        """Say whether somebody has a stack alone."""
        return any(claim.wants.get(name, False) for claim in self._granted)

    def ring(self, claim: Claim) -> list[str]:
        """Return the labels of those who would wait for each other if this claim waited; empty where nobody would.

        Only who has something can be waited for, so the ring goes through those alone.
        """
        return self._ring(claim, claim.who, [])

    def _ring(self, claim: Claim, first: object, seen: list[object]) -> list[str]:
        for blocker in self._granted:
            if blocker.who is claim.who or not _conflicts(claim, [blocker]):
                continue
            if blocker.who is first:
                return [claim.label]
            waits = next((other for other in self.waiting if other.who is blocker.who), None)
            if waits and blocker.who not in seen:
                rest = self._ring(waits, first, [*seen, blocker.who])
                if rest:
                    return [claim.label, *rest]
        return []


def _conflicts(claim: Claim, others: list[Claim]) -> bool:
    return any(
        name in other.wants and (alone or other.wants[name])
        for other in others
        if other.who is not claim.who
        for name, alone in claim.wants.items()
    )
