"""Many keys in one call, answered position by position."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from prism_stack.errors import InvalidArgument
from prism_stack.keyvalue import MAX_KEY_BYTES, ItemResult, KeyValue, Lasting

NewKey = Callable[[str], str]

DONE = ItemResult()


def test_a_batch_stores_every_item(keyvalue: KeyValue, new_key: NewKey) -> None:
    """Each item of a batch is found as if it had been set alone."""
    items = [(new_key(str(number)), str(number).encode()) for number in range(20)]

    results = keyvalue.batch_set(items)

    assert results == (DONE,) * 20
    assert [keyvalue.get(key) for key, _ in items] == [value for _, value in items]


def test_values_stand_where_their_keys_stood(keyvalue: KeyValue, new_key: NewKey) -> None:
    """Found, missing, empty and repeated keys are told apart by position."""
    first, missing, empty = new_key("first"), new_key("missing"), new_key("empty")
    keyvalue.batch_set([(first, b"1"), (empty, b"")])

    found = keyvalue.batch_get([missing, first, empty, missing, first])

    assert found == (None, b"1", b"", None, b"1")


def test_items_apply_in_order(keyvalue: KeyValue, new_key: NewKey) -> None:
    """Of two items with one key the later one stays."""
    key = new_key("twice")

    keyvalue.batch_set([(key, b"first"), (key, b"second")])

    assert keyvalue.get(key) == b"second"


def test_a_batch_clears_expiries(keyvalue: KeyValue, new_key: NewKey) -> None:
    """A batch sets as a single call does."""
    key = new_key("expiring")
    keyvalue.set(key, b"old")
    keyvalue.expire(key, timedelta(hours=1))

    keyvalue.batch_set([(key, b"new")])

    assert keyvalue.get_ttl(key) is Lasting.FOREVER


def test_a_batch_deletes_present_and_missing_keys(keyvalue: KeyValue, new_key: NewKey) -> None:
    """Every delete of a batch succeeds, and what is not named stays."""
    gone, missing, kept = new_key("gone"), new_key("missing"), new_key("kept")
    keyvalue.batch_set([(gone, b"1"), (kept, b"2")])

    results = keyvalue.batch_delete([gone, missing, gone])

    assert results == (DONE,) * 3
    assert keyvalue.batch_get([gone, missing, kept]) == (None, None, b"2")


def test_an_empty_batch_does_nothing(keyvalue: KeyValue) -> None:
    """No items, no results."""
    assert keyvalue.batch_set([]) == ()
    assert keyvalue.batch_get([]) == ()
    assert keyvalue.batch_delete([]) == ()


@pytest.mark.parametrize("malformed", ["", "k" * (MAX_KEY_BYTES + 1)], ids=["empty", "too long"])
def test_a_malformed_item_stores_nothing(keyvalue: KeyValue, new_key: NewKey, malformed: str) -> None:
    """One bad key refuses the whole batch, names its position, and the next batch works."""
    before, after = new_key("before"), new_key("after")

    with pytest.raises(InvalidArgument) as caught:
        keyvalue.batch_set([(before, b"1"), (malformed, b"2"), (after, b"3")])

    assert "requests[1].key" in caught.value.details
    assert keyvalue.batch_get([before, after]) == (None, None)
    assert keyvalue.batch_set([(before, b"1")]) == (DONE,)


def test_a_malformed_key_deletes_nothing(keyvalue: KeyValue, new_key: NewKey) -> None:
    """One bad key refuses a whole batch of deletes."""
    key = new_key("kept")
    keyvalue.set(key, b"value")

    with pytest.raises(InvalidArgument) as caught:
        keyvalue.batch_delete([key, ""])

    assert "keys[1]" in caught.value.details
    assert keyvalue.get(key) == b"value"


def test_a_malformed_key_reads_nothing(keyvalue: KeyValue, new_key: NewKey) -> None:
    """One bad key refuses a whole batch of reads."""
    with pytest.raises(InvalidArgument) as caught:
        keyvalue.batch_get([new_key("good"), ""])

    assert "keys[1]" in caught.value.details
