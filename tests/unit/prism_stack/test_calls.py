"""A call goes to the address that answered last, and on to the next where nobody is there."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from prism.interfaces.keyvalue.keyvalue_basic_pb2 import GetRequest, GetResponse
from prism.interfaces.keyvalue.keyvalue_basic_pb2_grpc import KeyValueBasicInterfaceStub
from prism_stack.calls import Call, Caller, Target
from prism_stack.errors import DeadlineExceeded, InvalidArgument, Refused, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.prism_stack.conftest import ScriptedNetwork

    Ended = Callable[[str, str], Exception]

FIRST, SECOND, THIRD = "first:1", "second:2", "third:3"
GET: Call[KeyValueBasicInterfaceStub, GetRequest, GetResponse] = Call(
    pick=lambda stub: stub.Get, request=GetRequest(key="k"), refusal=lambda response: response.error
)
FOUND = GetResponse(found=True, value=b"v")


class Clock:
    """Seconds that pass when a test says so."""

    now = 100.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The clock of the caller."""
    return Clock()


@pytest.fixture
def caller(network: ScriptedNetwork, clock: Clock) -> Caller[KeyValueBasicInterfaceStub]:
    """A caller of three addresses that allows ten seconds."""
    target = Target(
        addresses=(FIRST, SECOND, THIRD),
        namespace="default",
        timeout=timedelta(seconds=10),
        connect=network.connect,
        clock=clock,
    )
    return Caller(target, KeyValueBasicInterfaceStub)


def asked(network: ScriptedNetwork) -> list[str]:
    """The addresses that were called, in order."""
    return [sent.address for sent in network.sent]


def test_the_next_address_answers_for_one_that_is_away(
    caller: Caller[KeyValueBasicInterfaceStub], network: ScriptedNetwork, ended: Ended
) -> None:
    """A caller does not notice that the first proxy is gone, and opens no channel that it does not need."""
    network.answer(FIRST, ended("UNAVAILABLE", "connection refused"))
    network.answer(SECOND, FOUND)

    assert caller.call(GET) == FOUND
    assert asked(network) == network.opened == [FIRST, SECOND]


def test_the_address_that_answered_is_asked_first(
    caller: Caller[KeyValueBasicInterfaceStub], network: ScriptedNetwork, ended: Ended
) -> None:
    """A dead address costs one call, not every call."""
    network.answer(FIRST, ended("UNAVAILABLE", "connection refused"))
    network.answer(SECOND, FOUND)

    caller.call(GET)
    caller.call(GET)

    assert asked(network) == [FIRST, SECOND, SECOND]


def test_the_search_comes_round_to_the_beginning(
    caller: Caller[KeyValueBasicInterfaceStub], network: ScriptedNetwork, ended: Ended
) -> None:
    """After the last address the first one is tried again."""
    away = ended("UNAVAILABLE", "connection refused")
    network.answer(FIRST, away, FOUND)
    network.answer(SECOND, away)
    network.answer(THIRD, FOUND, away)

    caller.call(GET)
    caller.call(GET)

    assert asked(network) == [FIRST, SECOND, THIRD, THIRD, FIRST]


@pytest.mark.parametrize(
    ("status", "kind"), [("DEADLINE_EXCEEDED", DeadlineExceeded), ("INVALID_ARGUMENT", InvalidArgument)]
)
def test_only_an_absence_goes_on_to_the_next(
    caller: Caller[KeyValueBasicInterfaceStub],
    network: ScriptedNetwork,
    ended: Ended,
    status: str,
    kind: type[Exception],
) -> None:
    """An answer is an answer, whatever it says, and a slow call is not sent twice."""
    network.answer(FIRST, ended(status, "no"))

    with pytest.raises(kind):
        caller.call(GET)

    assert asked(network) == [FIRST]


def test_a_refusal_does_not_go_on_to_the_next(
    caller: Caller[KeyValueBasicInterfaceStub], network: ScriptedNetwork
) -> None:
    """A store that says no was asked."""
    network.answer(FIRST, GetResponse(error="backend away"))

    with pytest.raises(Refused):
        caller.call(GET)

    assert asked(network) == [FIRST]


def test_where_nobody_answers_the_last_absence_tells_of_all(
    caller: Caller[KeyValueBasicInterfaceStub], network: ScriptedNetwork, ended: Ended
) -> None:
    """The error is the last address's, and notes those before it."""
    for address in (FIRST, SECOND, THIRD):
        network.answer(address, ended("UNAVAILABLE", f"nobody at {address}"))

    with pytest.raises(Unavailable) as caught:
        caller.call(GET)

    assert caught.value.address == THIRD
    assert [note.rpartition(": ")[2] for note in caught.value.__notes__] == [
        f"nobody at {FIRST}",
        f"nobody at {SECOND}",
    ]


def test_all_attempts_share_one_deadline(
    caller: Caller[KeyValueBasicInterfaceStub], network: ScriptedNetwork, clock: Clock, ended: Ended
) -> None:
    """What the first attempt took is not there for the second, and no attempt gets less than nothing."""
    for address in (FIRST, SECOND):
        network.answer(address, ended("UNAVAILABLE", "lost"))
    network.answer(THIRD, FOUND)

    def take_time() -> None:
        clock.now += 6

    network.on_call = take_time

    caller.call(GET)

    assert [sent.timeout for sent in network.sent] == [10, 4, 0]
