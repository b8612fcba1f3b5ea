"""Every wrong call is refused with its reason, and the next call works."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from prism_stack.errors import InvalidArgument, LimitExceeded, Unavailable
from prism_stack.keyvalue import MAX_KEY_BYTES, MAX_MESSAGE_BYTES, MAX_TTL, KeyValue

NewKey = Callable[[str], str]
CallPath = Callable[..., tuple[str, str]]

SECOND = timedelta(seconds=1)
BASIC = "prism.interfaces.keyvalue.KeyValueBasicInterface"

CALLS: dict[str, Callable[[KeyValue, str], object]] = {
    "set": lambda keyvalue, key: keyvalue.set(key, b"value"),
    "get": lambda keyvalue, key: keyvalue.get(key),
    "delete": lambda keyvalue, key: keyvalue.delete(key),
    "exists": lambda keyvalue, key: keyvalue.exists(key),
    "expire": lambda keyvalue, key: keyvalue.expire(key, SECOND),
    "get_ttl": lambda keyvalue, key: keyvalue.get_ttl(key),
    "persist": lambda keyvalue, key: keyvalue.persist(key),
}

every_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
# What only a proxy can show; the fake has no paths, and serves every namespace.
on_the_wire = pytest.mark.tiers("integration", "e2e")


@pytest.fixture
def next_call_works(keyvalue: KeyValue, new_key: NewKey) -> Callable[[], bool]:
    """Stores a value and reads it."""

    def works() -> bool:
        key = new_key("next")
        keyvalue.set(key, b"value")
        return keyvalue.get(key) == b"value"

    return works


@every_call
@pytest.mark.parametrize("key", ["", "k" * (MAX_KEY_BYTES + 1)], ids=["empty", "too long"])
def test_a_malformed_key_is_refused(
    keyvalue: KeyValue,
    call: Callable[[KeyValue, str], object],
    key: str,
    next_call_works: Callable[[], bool],
) -> None:
    """Every call names the key as what is wrong."""
    with pytest.raises(InvalidArgument) as caught:
        call(keyvalue, key)

    assert "key" in caught.value.details
    assert next_call_works()


@pytest.mark.parametrize("ttl", [-SECOND, MAX_TTL + SECOND, timedelta.max], ids=["negative", "too long", "longest"])
def test_a_time_out_of_range_is_refused(
    keyvalue: KeyValue, new_key: NewKey, ttl: timedelta, next_call_works: Callable[[], bool]
) -> None:
    """The field is named, and the key keeps what it had."""
    key = new_key("kept")
    keyvalue.set(key, b"value")

    with pytest.raises(InvalidArgument) as caught:
        keyvalue.expire(key, ttl)

    assert "ttl_seconds" in caught.value.details
    assert keyvalue.get(key) == b"value"
    assert next_call_works()


def test_a_message_over_the_limit_is_refused(
    keyvalue: KeyValue, new_key: NewKey, next_call_works: Callable[[], bool]
) -> None:
    """The limit is named, and nothing is stored."""
    key = new_key("large")

    with pytest.raises(LimitExceeded) as caught:
        keyvalue.set(key, bytes(MAX_MESSAGE_BYTES))

    assert str(MAX_MESSAGE_BYTES) in caught.value.details
    assert not keyvalue.exists(key)
    assert next_call_works()


@pytest.mark.parametrize("namespace", ["", "-a", "Upper", "a_b", "a b", "a.b", "*", "n" * 64])
def test_a_malformed_namespace_is_refused(
    keyvalue_in: Callable[[str], KeyValue], namespace: str, next_call_works: Callable[[], bool]
) -> None:
    """Names outside the pattern are nobody's, and the metadata is named."""
    with pytest.raises(InvalidArgument) as caught:
        keyvalue_in(namespace).get("any")

    assert "x-prism-namespace" in caught.value.details
    assert next_call_works()


@on_the_wire
def test_a_repeated_namespace_is_refused(call_path: CallPath, next_call_works: Callable[[], bool]) -> None:
    """Two namespaces are none, also if they are equal."""
    twice = [("x-prism-namespace", "default")] * 2

    status, details = call_path(f"/{BASIC}/Get", *twice)

    assert status == "INVALID_ARGUMENT"
    assert "x-prism-namespace" in details
    assert next_call_works()


@on_the_wire
def test_an_unknown_service_is_unimplemented(call_path: CallPath, next_call_works: Callable[[], bool]) -> None:
    """A name of no contract is nobody's, and no runner is asked."""
    status, _ = call_path("/no.such.Service/Get")

    assert status == "UNIMPLEMENTED"
    assert next_call_works()


@on_the_wire
def test_an_unknown_method_is_unimplemented(call_path: CallPath, next_call_works: Callable[[], bool]) -> None:
    """The runner says so, since the proxy does not look at methods."""
    status, _ = call_path(f"/{BASIC}/Increment")

    assert status == "UNIMPLEMENTED"
    assert next_call_works()


@on_the_wire
def test_a_namespace_without_a_runner_is_unavailable(
    keyvalue_in: Callable[[str], KeyValue], next_call_works: Callable[[], bool]
) -> None:
    """The message says what is not connected, and for which namespace."""
    with pytest.raises(Unavailable) as caught:
        keyvalue_in("nobody-serves-this").get("any")

    assert "not connected" in caught.value.details
    assert BASIC in caught.value.details
    assert "nobody-serves-this" in caught.value.details
    assert next_call_works()


@on_the_wire
def test_the_lifecycle_of_a_runner_is_never_routed(call_path: CallPath, next_call_works: Callable[[], bool]) -> None:
    """Clients cannot stop a runner through the proxy."""
    status, _ = call_path("/prism.interfaces.LifecycleInterface/Stop")

    assert status == "UNIMPLEMENTED"
    assert next_call_works()
