"""Who has which stack, with others or alone, and who is next."""

from __future__ import annotations

import pytest

from ziggurat.keeper.turns import Claim, Turns

NOTHING: frozenset[str] = frozenset()


class Queue(Turns):
    """Turns of people known by their names."""

    def want(self, who: str, *shared: str, alone: tuple[str, ...] = ()) -> Claim:
        """Ask for stacks."""
        claim = Claim(who, dict.fromkeys(shared, False) | dict.fromkeys(alone, True), f"{who}'s test")
        self.ask(claim)
        return claim

    def go_on(self, *closed: str) -> list[str]:
        """Grant what can be granted and return who got something."""
        return [str(claim.who) for claim in self.grant(closed)]


@pytest.fixture
def queue() -> Queue:
    """Everything is free."""
    return Queue()


def test_those_who_share_have_it_together(queue: Queue) -> None:
    """As many as come."""
    for who in ("a", "b", "c"):
        queue.want(who, "shop")

    assert queue.go_on() == ["a", "b", "c"]
    assert queue.holders("shop") == {"a": "a's test", "b": "b's test", "c": "c's test"}


def test_who_has_it_alone_keeps_all_others_waiting(queue: Queue) -> None:
    """Whether they would share it or not."""
    queue.want("a", alone=("shop",))
    queue.want("b", "shop")
    queue.want("c", alone=("shop",))

    assert queue.go_on() == ["a"]
    assert queue.is_alone("shop")
    queue.leave("a")
    assert queue.go_on() == ["b"]


def test_who_waits_to_have_it_alone_is_not_overtaken(queue: Queue) -> None:
    """Else a stream of those who share it would starve it."""
    queue.want("a", "shop")
    queue.go_on()
    queue.want("b", alone=("shop",))
    queue.want("c", "shop")

    assert queue.go_on() == []
    queue.leave("a")
    assert queue.go_on() == ["b"]
    queue.leave("b")
    assert queue.go_on() == ["c"]


def test_two_stacks_do_not_wait_for_each_other(queue: Queue) -> None:
    """Only for those that want the same one."""
    queue.want("a", alone=("shop",))
    queue.want("b", alone=("bank",))

    assert queue.go_on() == ["a", "b"]


def test_a_claim_of_several_stacks_is_granted_whole_or_not(queue: Queue) -> None:
    """Who waits holds nothing that others wait for."""
    queue.want("a", "shop")
    queue.go_on()
    queue.want("b", alone=("bank", "shop"))

    assert queue.go_on() == []
    assert queue.has("b") == {}
    assert not queue.is_alone("bank")


def test_a_closed_stack_is_given_to_nobody(queue: Queue) -> None:
    """And holds up only those who want it."""
    queue.want("a", "shop")
    queue.want("b", "bank")

    assert queue.go_on("shop") == ["b"]
    assert queue.go_on() == ["a"]


def test_who_has_something_overtakes_those_who_wait_for_it(queue: Queue) -> None:
    """They wait for it to leave, which it does not before it has what it asks for."""
    queue.want("a", "shop")
    queue.go_on()
    queue.want("b", alone=("bank", "shop"))
    queue.want("a", "bank")

    assert queue.go_on() == ["a"]
    assert queue.has("a") == {"shop": False, "bank": False}


def test_who_leaves_no_longer_waits_either(queue: Queue) -> None:
    """A lost connection asks for nothing."""
    queue.want("a", alone=("shop",))
    queue.go_on()
    queue.want("b", alone=("shop",))
    queue.leave("b")
    queue.leave("a")

    assert queue.go_on() == []


def test_a_withdrawn_claim_is_not_granted(queue: Queue) -> None:
    """The stack cannot be had any more."""
    queue.withdraw(queue.want("a", "shop"))

    assert queue.go_on() == []


def test_two_that_would_wait_for_each_other_are_a_ring(queue: Queue) -> None:
    """Each has what the other asks for."""
    queue.want("a", alone=("shop",))
    queue.want("b", alone=("bank",))
    queue.go_on()
    queue.want("a", "bank")

    assert queue.ring(Claim("b", {"shop": False}, "b's second")) == ["b's second", "a's test"]


def test_waiting_for_one_who_does_not_wait_is_no_ring(queue: Queue) -> None:
    """It will leave."""
    queue.want("a", alone=("shop",))
    queue.want("b", alone=("bank",))
    queue.go_on()

    assert queue.ring(Claim("b", {"shop": False}, "b's second")) == []
    assert queue.ring(Claim("c", {"shop": True, "bank": True}, "c's test")) == []
