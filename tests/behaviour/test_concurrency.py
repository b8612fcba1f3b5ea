"""Many callers at once see what each alone would."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat

from prism_stack.keyvalue import KeyValue

NewKey = Callable[[str], str]

WRITERS, KEYS_EACH = 10, 10
READERS = 20
DELETERS = 10
PAIRS, ROUNDS = 4, 50


def test_ten_writers_lose_nothing(keyvalue: KeyValue, new_key: NewKey) -> None:
    """What ten writers store at once, ten keys each, is all there."""
    keys = [[new_key(f"{writer}-{number}") for number in range(KEYS_EACH)] for writer in range(WRITERS)]

    def write(writer: int) -> None:
        for key in keys[writer]:
            keyvalue.set(key, key.encode())

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))

    assert all(keyvalue.get(key) == key.encode() for written in keys for key in written)


def test_twenty_readers_of_one_key_read_the_same(keyvalue: KeyValue, new_key: NewKey) -> None:
    """Readers do not get into each other's way."""
    key = new_key("read")
    keyvalue.set(key, b"value")

    with ThreadPoolExecutor(READERS) as pool:
        values = list(pool.map(keyvalue.get, repeat(key, READERS)))

    assert values == [b"value"] * READERS


def test_ten_deleters_of_one_key_all_succeed(keyvalue: KeyValue, new_key: NewKey) -> None:
    """The key is gone for all of them, whoever was first."""
    key = new_key("deleted")
    keyvalue.set(key, b"value")

    with ThreadPoolExecutor(DELETERS) as pool:
        ends = list(pool.map(keyvalue.delete, repeat(key, DELETERS)))

    assert ends == [None] * DELETERS
    assert not keyvalue.exists(key)


def test_readers_beside_writers_never_miss_the_key(keyvalue: KeyValue, new_key: NewKey) -> None:
    """Overwriting is one step: no reader ever finds the key missing, or a value that nobody wrote."""
    key = new_key("contended")
    values = [bytes([number]) * 1024 for number in range(ROUNDS)]
    keyvalue.set(key, values[0])

    def write() -> None:
        for value in values:
            keyvalue.set(key, value)

    def read() -> set[bytes | None]:
        return {keyvalue.get(key) for _ in range(ROUNDS)}

    with ThreadPoolExecutor(2 * PAIRS) as pool:
        pairs = [(pool.submit(write), pool.submit(read)) for _ in range(PAIRS)]

    assert [writer.result() for writer, _ in pairs] == [None] * PAIRS
    assert set().union(*(reader.result() for _, reader in pairs)) <= set(values)
