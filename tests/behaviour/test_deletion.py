"""Keys can be removed, and asked for."""

from collections.abc import Callable

from prism_stack.keyvalue import KeyValue

NewKey = Callable[[str], str]


def test_a_deleted_key_is_gone(keyvalue: KeyValue, new_key: NewKey) -> None:
    """Deleting takes value and key away."""
    key = new_key("deleted")
    keyvalue.set(key, b"value")

    keyvalue.delete(key)

    assert keyvalue.get(key) is None
    assert not keyvalue.exists(key)


def test_a_missing_key_can_be_deleted(keyvalue: KeyValue, new_key: NewKey) -> None:
    """Deleting asks for the key to be gone, and it is: the second time as well as the first."""
    key = new_key("missing")

    keyvalue.delete(key)
    keyvalue.delete(key)

    assert not keyvalue.exists(key)


def test_a_key_exists_from_its_setting_on(keyvalue: KeyValue, new_key: NewKey) -> None:
    """A key exists once it is stored, and not before."""
    key = new_key("existing")
    before = keyvalue.exists(key)

    keyvalue.set(key, b"value")

    assert (before, keyvalue.exists(key)) == (False, True)


def test_deleting_one_key_leaves_the_others(keyvalue: KeyValue, new_key: NewKey) -> None:
    """A key that begins like a deleted one is another key."""
    short, long = new_key("a"), new_key("ab")
    keyvalue.set(short, b"1")
    keyvalue.set(long, b"2")

    keyvalue.delete(short)

    assert keyvalue.get(long) == b"2"
