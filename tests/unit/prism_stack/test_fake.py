"""The fake keeps the contract; what is said here is what the behaviour tests cannot see."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import settings

from prism.interfaces.keyvalue.keyvalue_basic_pb2 import SetRequest
from prism.interfaces.keyvalue.keyvalue_batch_pb2 import BatchSetRequest
from prism_stack.errors import LimitExceeded, Refused
from prism_stack.keyvalue import MAX_MESSAGE_BYTES
from prism_stack.testing import FakeClock, FakeKeyValue, FakeStore, KeyValueMachine, message_size

MINUTE = timedelta(minutes=1)


class FakeMachine(KeyValueMachine):
    """The fake, and time that jumps."""

    def __init__(self) -> None:
        super().__init__()
        clock = FakeClock()
        self.keyvalue = FakeKeyValue(FakeStore(clock=clock))
        self.advance = clock.advance


# Fewer than hypothesis would run by itself: the unit tier is to take seconds, and every run draws others.
FakeMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
test_the_fake_answers_as_a_dictionary_would = FakeMachine.TestCase


def test_namespaces_do_not_see_each_others_keys() -> None:
    """The same key is another one in another namespace."""
    store = FakeStore()
    orders, carts = FakeKeyValue(store, namespace="orders"), FakeKeyValue(store, namespace="carts")

    orders.set("k", b"order")

    assert (orders.get("k"), carts.get("k")) == (b"order", None)


def test_capacity_counts_each_namespace_alone() -> None:
    """A full namespace leaves the others their room."""
    store = FakeStore(max_keys=1)
    orders, carts = FakeKeyValue(store, namespace="orders"), FakeKeyValue(store, namespace="carts")
    orders.set("k", b"order")

    carts.set("k", b"cart")

    with pytest.raises(Refused):
        orders.set("another", b"order")


def test_an_expired_key_makes_room() -> None:
    """What nobody can see any more does not count."""
    clock = FakeClock()
    keyvalue = FakeKeyValue(FakeStore(clock=clock, max_keys=1))
    keyvalue.set("old", b"value")
    keyvalue.expire("old", MINUTE)

    clock.advance(MINUTE)
    keyvalue.set("new", b"value")

    assert keyvalue.get("new") == b"value"


def test_the_time_left_is_rounded_up() -> None:
    """A key that is there always has some time left."""
    clock = FakeClock()
    keyvalue = FakeKeyValue(FakeStore(clock=clock))
    keyvalue.set("k", b"value")
    keyvalue.expire("k", MINUTE)

    clock.advance(MINUTE - timedelta(milliseconds=1))

    assert keyvalue.get_ttl("k") == timedelta(seconds=1)


def test_the_largest_message_is_taken() -> None:
    """The limit counts what the wire carries, and is itself allowed."""
    keyvalue = FakeKeyValue()
    largest = MAX_MESSAGE_BYTES - SetRequest(key="k", value=b"v" * MAX_MESSAGE_BYTES).ByteSize() + MAX_MESSAGE_BYTES

    keyvalue.set("k", bytes(largest))

    with pytest.raises(LimitExceeded):
        keyvalue.set("k", bytes(largest + 1))


@pytest.mark.parametrize("key", [0, 1, 127, 128, 65_536])
@pytest.mark.parametrize("value", [0, 1, 127, 128, 16_383, 16_384])
def test_sizes_are_those_of_the_wire(key: int, value: int) -> None:
    """What is counted is what a message of the generated code takes, on both sides of each step of a length."""
    items = [("k" * key, bytes(value)), ("", b""), ("é", b"\x00")]
    message = BatchSetRequest(requests=[SetRequest(key=key, value=value) for key, value in items])

    size = message_size.repeated(message_size.key_value(key, value) for key, value in items)

    assert size == message.ByteSize()
