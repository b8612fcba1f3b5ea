"""How many bytes a message takes on the wire, counted without making it."""

from collections.abc import Iterable

_BITS_PER_BYTE = 7


def field(length: int) -> int:
    """Return the bytes of a string, bytes or message field below number 16; an empty one is left out."""
    return embedded(length) if length else 0


def embedded(length: int) -> int:
    """Return the bytes of an item of a repeated field, which is there even when empty."""
    return 1 + varint(length) + length


def varint(value: int) -> int:
    """Return the bytes of a number."""
    return max(1, -(-value.bit_length() // _BITS_PER_BYTE))


def key_value(key: str, value: bytes) -> int:
    """Return the bytes of a key and its value."""
    return field(len(key.encode())) + field(len(value))


def repeated(lengths: Iterable[int]) -> int:
    """Return the bytes of a repeated field of items of these lengths."""
    return sum(map(embedded, lengths))
