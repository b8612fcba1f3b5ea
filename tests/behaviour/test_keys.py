"""Keys are any text up to 64 KiB, and each is only itself."""

from collections.abc import Callable

import pytest

from prism_stack.keyvalue import MAX_KEY_BYTES, KeyValue

NewKey = Callable[[str], str]


@pytest.mark.parametrize(
    "name",
    ["ключ", "鍵", "🔑", "e\u0301", "\u202eright to left", "a\x00b", "%2f/../?&#", "new\nline"],
    ids=["cyrillic", "han", "outside the BMP", "combining", "direction mark", "zero", "path", "control"],
)
def test_a_key_of_any_text_works(keyvalue: KeyValue, new_key: NewKey, name: str) -> None:
    """Keys are text, of any script, and nothing in them is special."""
    key = new_key(name)

    keyvalue.set(key, b"value")

    assert keyvalue.get(key) == b"value"


def test_keys_are_not_normalised(keyvalue: KeyValue, new_key: NewKey) -> None:
    """Two spellings of one letter are two keys."""
    composed, decomposed = new_key("\u00e9"), new_key("e\u0301")

    keyvalue.set(composed, b"one character")

    assert keyvalue.get(decomposed) is None


@pytest.mark.parametrize("space", [" ", "\t", "\n", "\u00a0", "   "], ids=["space", "tab", "newline", "nbsp", "three"])
def test_whitespace_is_part_of_a_key(keyvalue: KeyValue, new_key: NewKey, space: str) -> None:
    """Nothing is trimmed, neither where a key is stored nor where it is read."""
    bare, leading, trailing = new_key("k"), new_key(f"{space}k"), new_key(f"k{space}")
    keyvalue.set(leading, b"leading")
    keyvalue.set(trailing, b"trailing")

    assert keyvalue.batch_get([bare, leading, trailing]) == (None, b"leading", b"trailing")


@pytest.mark.parametrize("letter", ["k", "é"], ids=["ascii", "two bytes each"])
def test_a_key_of_64_kib_works(keyvalue: KeyValue, new_key: NewKey, letter: str) -> None:
    """The limit itself is allowed; it counts bytes."""
    room = MAX_KEY_BYTES - len(new_key("").encode())
    letters, rest = divmod(room, len(letter.encode()))
    key = new_key(letter * letters + "k" * rest)

    keyvalue.set(key, b"value")

    assert len(key.encode()) == MAX_KEY_BYTES
    assert keyvalue.get(key) == b"value"
