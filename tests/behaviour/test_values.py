"""Values come back as they were stored."""

from collections.abc import Callable

import pytest

from prism_stack.keyvalue import KeyValue

MEBIBYTE = bytes(range(256)) * 4096

NewKey = Callable[[str], str]


def test_a_value_that_was_set_is_found(keyvalue: KeyValue, new_key: NewKey) -> None:
    """A client reads what it wrote."""
    key = new_key("greeting")

    keyvalue.set(key, b"hello")

    assert keyvalue.get(key) == b"hello"


def test_a_missing_key_has_no_value(keyvalue: KeyValue, new_key: NewKey) -> None:
    """Reading a key that was never stored is no error."""
    assert keyvalue.get(new_key("missing")) is None


def test_the_second_value_replaces_the_first(keyvalue: KeyValue, new_key: NewKey) -> None:
    """Of two values of a key the later one stays."""
    key = new_key("overwritten")
    keyvalue.set(key, b"first, and longer")

    keyvalue.set(key, b"second")

    assert keyvalue.get(key) == b"second"


@pytest.mark.parametrize(
    "value",
    [bytes(range(256)), b"\x00", b"\xff\xfe\x00 not UTF-8", MEBIBYTE],
    ids=["every byte", "zero", "not text", "1 MiB"],
)
def test_a_value_comes_back_byte_for_byte(keyvalue: KeyValue, new_key: NewKey, value: bytes) -> None:
    """Nothing on the way reads a value, or changes it."""
    key = new_key("bytes")

    keyvalue.set(key, value)

    assert keyvalue.get(key) == value


def test_an_empty_value_is_a_value(keyvalue: KeyValue, new_key: NewKey) -> None:
    """A key with an empty value is found, which a missing key is not."""
    key = new_key("empty")

    keyvalue.set(key, b"")

    assert keyvalue.get(key) == b""
    assert keyvalue.exists(key)
