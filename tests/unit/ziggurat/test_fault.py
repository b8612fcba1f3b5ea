"""A fault from its beginning to its end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest

from ziggurat.errors import FaultNotEffective
from ziggurat.fault import Story, lasting

if TYPE_CHECKING:
    from collections.abc import Callable

    from ziggurat.lease import Lease


@dataclass
class Listened:
    """What a story needs of a lease."""

    listeners: list[Callable[[dict[str, Any]], None]] = field(default_factory=list)


def refuse(_: object) -> None:
    """Judge that nothing happened."""
    raise FaultNotEffective("web", "paused", "it went on")


def test_a_fault_lasts_as_long_as_its_body() -> None:
    """And gives what its beginning gave."""
    done: list[str] = []
    with lasting(lambda: done.append("begin"), lambda _: done.append("end")):
        done.append("body")

    assert done == ["begin", "body", "end"]


def test_a_fault_ends_also_when_its_body_fails() -> None:
    """And its effect is not judged then: the body's failure is the more telling one."""
    done: list[str] = []
    with pytest.raises(ZeroDivisionError), lasting(lambda: None, lambda _: done.append("end"), refuse):
        _ = 1 / 0

    assert done == ["end"]


def test_a_fault_without_effect_fails_a_body_that_succeeded() -> None:
    """A test of nothing must not pass."""
    with pytest.raises(FaultNotEffective, match="web was to be paused, but it went on"), lasting(int, int, refuse):
        pass


def test_a_fault_that_does_not_begin_is_not_ended() -> None:
    """Whatever begins it cleans up after itself."""
    done: list[str] = []
    with pytest.raises(ZeroDivisionError), lasting(lambda: 1 / 0, lambda _: done.append("end")):
        pass

    assert done == []


def test_the_listeners_are_told_of_both_ends() -> None:
    """As events among those of the keeper."""
    lease, told = Listened(), list[dict[str, Any]]()
    lease.listeners.append(told.append)
    story = Story(lease=cast("Lease", lease), service="shop-1.web", what="paused")
    story.tell(on=True)
    story.tell(on=False)

    assert [(event["event"], event["service"], event["what"], event["on"]) for event in told] == [
        ("fault", "shop-1.web", "paused", True),
        ("fault", "shop-1.web", "paused", False),
    ]
    assert told[0]["at"] <= told[1]["at"]


def test_a_link_is_named_by_its_ends() -> None:
    """It is no service."""
    lease, told = Listened(), list[dict[str, Any]]()
    lease.listeners.append(told.append)
    Story(lease=cast("Lease", lease), link="web → db.sql", what="web → db.sql cut").tell(on=True)

    assert (told[0]["service"], told[0]["link"]) == ("", "web → db.sql")
