"""A full store refuses new keys, and goes on serving those that it holds."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from prism_stack.errors import Refused
from prism_stack.keyvalue import ItemResult, KeyValue

# The stack that a person runs holds what others put there, so it is not filled.
pytestmark = pytest.mark.tiers("unit", "integration")

MORE_THAN_FITS = 1000


@pytest.fixture
def held(small_keyvalue: KeyValue) -> Iterator[list[str]]:
    """The keys of a store that holds no more of them."""
    held = list(fill(small_keyvalue))
    yield held
    small_keyvalue.batch_delete(held)


def fill(keyvalue: KeyValue) -> Iterator[str]:
    """Store keys until one is refused, and give those that were not."""
    prefix = uuid4().hex
    for number in range(MORE_THAN_FITS):
        key = f"{prefix}/{number}"
        try:
            keyvalue.set(key, b"value")
        except Refused:
            return
        yield key
    pytest.fail(f"{MORE_THAN_FITS} keys fitted into a store that should hold a few")


def test_a_key_too_many_is_refused(small_keyvalue: KeyValue, held: list[str]) -> None:
    """The answer says what the limit is, and the key is not there."""
    with pytest.raises(Refused) as caught:
        small_keyvalue.set("one-too-many", b"value")

    assert caught.value.details == f"capacity limit reached: {len(held)} keys"
    assert not small_keyvalue.exists("one-too-many")


def test_a_held_key_can_be_overwritten_at_capacity(small_keyvalue: KeyValue, held: list[str]) -> None:
    """Overwriting needs no room."""
    small_keyvalue.set(held[0], b"new value")

    assert small_keyvalue.get(held[0]) == b"new value"


def test_a_deleted_key_makes_room(small_keyvalue: KeyValue, held: list[str]) -> None:
    """What is removed no longer counts."""
    small_keyvalue.delete(held[0])

    small_keyvalue.set(held[0], b"back again")

    assert small_keyvalue.get(held[0]) == b"back again"


def test_capacity_is_judged_item_by_item(small_keyvalue: KeyValue, held: list[str]) -> None:
    """In a batch the overwriting items succeed, and the new key alone is refused."""
    results = small_keyvalue.batch_set([(held[0], b"1"), ("one-too-many", b"2"), (held[1], b"3")])

    refused = ItemResult(error=f"capacity limit reached: {len(held)} keys")
    assert results == (ItemResult(), refused, ItemResult())
    assert small_keyvalue.batch_get([held[0], "one-too-many", held[1]]) == (b"1", None, b"3")
