"""The stacks that several clients share: who is told what, and when."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest

from ziggurat.keeper.refusal import Refused
from ziggurat.keeper.sharing import VERBS, Sharing

if TYPE_CHECKING:
    from collections.abc import Callable

    from ziggurat.keeper.connection import Connection
    from ziggurat.keeper.service import Service


@dataclass
class Program:
    """A service, as far as sharing looks at it."""

    state: str = "running"
    exit_status: int | None = None
    paused: bool = False
    heals: bool = False
    doomed: bool = False

    def report(self) -> dict[str, object]:
        """Tell whether it stands still."""
        return {"paused": self.paused}

    def is_doomed(self) -> bool:
        """Whether it was killed and is not gone yet."""
        return self.doomed

    def heals_itself(self) -> bool:
        """Whether it is started again by its own policy."""
        return self.heals


@dataclass(eq=False)
class Client:
    """A connection, and what it was answered."""

    sharing: Sharing
    heard: list[Any] = field(default_factory=list)

    def ask(self, verb: str, **facts: object) -> None:
        """Ask for something; the answer may come later."""
        VERBS[verb](self.sharing, self.connection, facts, self.heard.append)

    def take(self) -> list[Any]:
        """Return what was answered since the last look, beside that something was done."""
        heard = [answer for answer in self.heard if answer is not None]
        self.heard.clear()
        return heard

    def claim(self, alone: bool = False) -> None:  # noqa: FBT001, FBT002 - it reads as it is said
        """Claim the shop."""
        self.ask("claim", stacks={"shop": alone}, label=f"test {id(self)}")

    @property
    def connection(self) -> Connection:
        """Itself: sharing only compares connections."""
        return cast("Connection", self)


@dataclass
class World:
    """One shop of one service, its steward, and two who would use it."""

    web: Program = field(default_factory=Program)
    later: list[Callable[[], None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sharing = Sharing({"shop-1.web": cast("Service", self.web)}, lambda _, action: self.later.append(action))
        self.steward, self.one, self.other = (Client(self.sharing) for _ in range(3))
        self.steward.ask("attend", stack="shop")

    def publish(self) -> None:
        """Do as the steward does once the stack is ready."""
        self.steward.take()
        self.steward.ask("publish", stack="shop", about={"services": {}}, keys=["shop-1.web"])
        self.steward.ask("attend", stack="shop")
        self.steward.take()

    def kill(self) -> None:
        """Have the service end."""
        self.web.state, self.web.exit_status = "exited", -9
        self.sharing.hear({"event": "exited", "service": "shop-1.web"})


@pytest.fixture
def world() -> World:
    """Nobody has asked for the shop yet."""
    return World()


@pytest.fixture
def ready(world: World) -> World:
    """The shop is ready."""
    world.one.ask("want", stacks=["shop"])
    world.publish()
    world.one.take()
    return world


def test_a_stack_is_started_when_it_is_wanted_first(world: World) -> None:
    """And only once."""
    assert world.steward.take() == []
    world.one.ask("want", stacks=["shop"])
    world.other.claim()

    assert world.steward.take() == [{"do": "start"}]


def test_a_claim_is_answered_when_the_stack_is_ready(world: World) -> None:
    """With what a client must know of it, once."""
    world.one.claim()
    assert world.one.take() == []
    world.publish()

    assert world.one.take() == [{"shop": {"edition": 1, "about": {"services": {}}}}]
    world.other.ask("claim", stacks={"shop": False}, label="", known={"shop": 1})
    assert world.other.take() == [{"shop": {"edition": 1, "about": None}}]


def test_a_start_that_failed_refuses_who_waits_and_who_comes(world: World) -> None:
    """With the reason."""
    world.one.claim()
    world.steward.ask("refuse", stack="shop", brief="it did not start")

    (refused,) = world.one.take()
    assert (refused.kind, str(refused)) == ("stack", "it did not start")
    with pytest.raises(Refused, match="it did not start"):
        world.other.claim()


def test_a_lost_connection_gives_back_what_it_had(ready: World) -> None:
    """Whoever waits for it goes on."""
    ready.one.claim(alone=True)
    ready.other.claim()
    ready.one.take()
    assert ready.other.take() == []
    ready.sharing.left(ready.one.connection)

    assert len(ready.other.take()) == 1


@pytest.mark.parametrize("verb", ["stop", "signal", "again", "remove", "change"])
def test_who_shares_a_stack_may_not_change_it(ready: World, verb: str) -> None:
    """Nor may who has nothing of it."""
    ready.one.claim()

    for client in (ready.one, ready.other):
        with pytest.raises(Refused, match="web of shop is shared"):
            ready.sharing.refuse_change(client.connection, {"do": verb, "service": "shop-1.web"})


def test_who_has_a_stack_alone_may_change_but_not_remove_it(ready: World) -> None:
    """It belongs to the run."""
    ready.one.claim(alone=True)
    ready.sharing.refuse_change(ready.one.connection, {"do": "stop", "service": "shop-1.web"})
    ready.sharing.refuse_change(ready.one.connection, {"do": "log", "service": "shop-1.web"})

    with pytest.raises(Refused):
        ready.sharing.refuse_change(ready.one.connection, {"do": "remove", "service": "shop-1.web"})


def test_a_service_that_ends_is_told_to_all_who_share_it(ready: World) -> None:
    """When they give it back; the steward is told once nobody has it."""
    ready.one.claim()
    ready.other.claim()
    ready.kill()
    for client in (ready.one, ready.other):
        client.take()
        assert ready.steward.take() == []
        client.ask("unclaim")
        (((damage),),) = client.take()
        assert damage["losses"] == [{"service": "web", "state": "exited", "exit_status": -9}]
        assert damage["tests"] == [f"test {id(ready.one)}", f"test {id(ready.other)}"]

    (work,) = ready.steward.take()
    assert (work["do"], work["damage"]["losses"][0]["service"]) == ("restore", "web")


def test_a_damaged_stack_is_given_out_once_it_is_restored(ready: World) -> None:
    """Not before."""
    ready.kill()
    ready.one.claim()
    assert ready.one.take() == []
    ready.web.state = "running"
    ready.publish()

    assert len(ready.one.take()) == 1


def test_a_service_that_ends_between_tests_names_who_had_it_before(ready: World) -> None:
    """No test had it at that moment."""
    ready.one.claim()
    ready.one.ask("unclaim")
    ready.kill()

    (work,) = ready.steward.take()
    assert (work["damage"]["tests"], work["damage"]["last"]) == ([], [f"test {id(ready.one)}"])


@pytest.mark.parametrize("change", [{"state": "exited", "exit_status": 0}, {"paused": True}])
def test_who_had_it_alone_may_leave_it_as_it_likes(ready: World, change: dict[str, Any]) -> None:
    """It is restored without a word to the test."""
    ready.one.claim(alone=True)
    for name, value in change.items():
        setattr(ready.web, name, value)
    ready.sharing.hear({"event": "exited", "service": "shop-1.web"})
    assert ready.steward.take() == []
    ready.one.take()
    ready.one.ask("unclaim")

    assert ready.one.take() == [[]]
    (work,) = ready.steward.take()
    assert (work["do"], work["damage"]["alone"]) == ("restore", True)


def test_who_killed_a_service_keeps_it_until_it_has_ended(ready: World) -> None:
    """Its end is not laid to whoever comes next."""
    ready.one.claim()
    ready.one.take()
    ready.web.doomed = True
    ready.one.ask("unclaim")
    assert ready.one.take() == []
    ready.web.doomed = False
    ready.kill()
    ready.later.pop()()

    ((damage,),) = ready.one.take()
    assert damage["tests"] == [f"test {id(ready.one)}"]


def test_a_service_that_heals_itself_is_no_damage(ready: World) -> None:
    """Its own policy starts it again."""
    ready.web.heals = True
    ready.one.claim()
    ready.kill()
    ready.one.take()
    ready.one.ask("unclaim")

    assert ready.one.take() == [[]]


def test_a_service_that_came_back_elsewhere_is_told_to_who_claims_next(ready: World) -> None:
    """A restart may have had it report another port."""
    ready.one.claim(alone=True)
    ready.one.ask("unclaim", moved={"shop": {"web": "elsewhere"}})
    ready.other.ask("claim", stacks={"shop": False}, label="", known={"shop": 1})

    assert ready.other.take() == [{"shop": {"edition": 2, "about": {"services": {"web": "elsewhere"}}}}]


def test_those_who_would_wait_for_ever_are_refused(ready: World) -> None:
    """With the way out."""
    ready.other.ask("attend", stack="bank")
    ready.other.ask("want", stacks=["bank"])
    ready.other.ask("publish", stack="bank", about={"services": {}}, keys=[])
    ready.one.claim(alone=True)
    ready.other.ask("claim", stacks={"bank": True}, label="other")
    ready.one.ask("claim", stacks={"bank": False}, label="one")

    with pytest.raises(Refused, match=r"they would wait for ever: .* name in its mark each stack"):
        ready.other.claim()


def test_a_steward_that_is_gone_leaves_a_stack_that_is_refused(ready: World) -> None:
    """Nobody could restore it."""
    ready.sharing.left(ready.steward.connection)

    with pytest.raises(Refused, match="its steward is gone"):
        ready.one.claim()


def test_dismissed_stewards_stop_and_hear_what_happened_last(ready: World) -> None:
    """What ended while the last test was over is not lost."""
    ready.one.claim()
    ready.kill()
    ready.one.ask("dismiss")

    (work,) = ready.steward.take()
    assert (work["do"], work["damage"]["losses"][0]["exit_status"]) == ("stop", -9)
