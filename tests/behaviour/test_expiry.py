"""Keys vanish when they were told to, and not before."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from prism_stack.keyvalue import MAX_TTL, KeyValue, Lasting

NewKey = Callable[[str], str]
Outlive = Callable[[timedelta, Callable[[], bool]], None]

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def key(keyvalue: KeyValue, new_key: NewKey) -> str:
    """A key that is there, and has no expiry."""
    key = new_key("expiring")
    keyvalue.set(key, b"value")
    return key


def test_a_key_is_there_until_its_time_is_over(keyvalue: KeyValue, key: str, outlive: Outlive) -> None:
    """A time to live lets a key be read at once, and not after."""
    assert keyvalue.expire(key, SECOND)
    assert keyvalue.get(key) == b"value"

    outlive(SECOND, lambda: not keyvalue.exists(key))

    assert keyvalue.get(key) is None
    assert keyvalue.get_ttl(key) is Lasting.MISSING


def test_the_time_left_is_told_in_whole_seconds(keyvalue: KeyValue, key: str) -> None:
    """What is left of an hour is at most an hour, and most of it."""
    keyvalue.expire(key, HOUR)

    left = keyvalue.get_ttl(key)

    assert isinstance(left, timedelta)
    assert HOUR - timedelta(minutes=1) < left <= HOUR


def test_a_key_without_expiry_lasts_for_ever(keyvalue: KeyValue, key: str) -> None:
    """A key that was only set has no time to tell."""
    assert keyvalue.get_ttl(key) is Lasting.FOREVER


def test_a_time_of_nothing_removes_the_key_at_once(keyvalue: KeyValue, key: str) -> None:
    """Zero seconds are over when the call returns."""
    assert keyvalue.expire(key, timedelta())

    assert keyvalue.get(key) is None
    assert not keyvalue.exists(key)


def test_ten_years_are_allowed(keyvalue: KeyValue, key: str) -> None:
    """The longest time is part of the range."""
    assert keyvalue.expire(key, MAX_TTL)

    assert keyvalue.get_ttl(key) == MAX_TTL


def test_persist_takes_the_expiry_away(keyvalue: KeyValue, key: str) -> None:
    """A persisted key lasts for ever, and there is nothing to take away a second time."""
    keyvalue.expire(key, HOUR)

    assert keyvalue.persist(key)

    assert keyvalue.get_ttl(key) is Lasting.FOREVER
    assert not keyvalue.persist(key)


def test_set_takes_the_expiry_away(keyvalue: KeyValue, key: str) -> None:
    """A new value starts without the expiry of the old one."""
    keyvalue.expire(key, HOUR)

    keyvalue.set(key, b"new value")

    assert keyvalue.get_ttl(key) is Lasting.FOREVER


def test_a_later_expiry_replaces_the_earlier(keyvalue: KeyValue, key: str) -> None:
    """Of two times to live the one given last holds, also if it is longer."""
    keyvalue.expire(key, SECOND)

    keyvalue.expire(key, HOUR)

    left = keyvalue.get_ttl(key)
    assert isinstance(left, timedelta)
    assert left > timedelta(minutes=59)


def test_reading_does_not_lengthen_a_life(keyvalue: KeyValue, key: str, outlive: Outlive) -> None:
    """A key that is read all the time vanishes all the same."""
    keyvalue.expire(key, SECOND)

    outlive(SECOND, lambda: keyvalue.get(key) is None)

    assert not keyvalue.exists(key)


def test_a_missing_key_has_no_expiry(keyvalue: KeyValue, new_key: NewKey) -> None:
    """Each call on a missing key says that it is missing, and none is an error."""
    key = new_key("missing")

    assert not keyvalue.expire(key, HOUR)
    assert not keyvalue.persist(key)
    assert keyvalue.get_ttl(key) is Lasting.MISSING
