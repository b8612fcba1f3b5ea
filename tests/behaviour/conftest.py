"""What a behaviour test stands on: the same data layer as a fake, as a spawned stack, or as the running one.

`prism_endpoint` and `small_prism_endpoint` come from the conftest above; each is the host:port of a proxy's data port.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Protocol

import pytest

from prism_stack.keyvalue import DEFAULT_NAMESPACE, KeyValue
from prism_stack.testing import FakeClock, FakeKeyValue, FakeStore
from ziggurat.tiers import Tier
from ziggurat.waiting import wait_until

SMALL_CAPACITY = 8
"""What the small fake holds; the small stack may hold another number."""
MOMENT = timedelta(milliseconds=1)
SLACK_SECONDS = 5.0
"""How much later than its time a key may be seen to be gone on a busy machine."""
CALL_SECONDS = 5.0


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run once more, over Redis, whatever reaches the store of the tier."""
    if {"layer", "prism_endpoint"} & set(metafunc.fixturenames):
        metafunc.fixturenames.append("backend")
        metafunc.parametrize("backend", [pytest.param("memstore", id=pytest.HIDDEN_PARAM), "redis"], scope="session")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out the tiers that have no Redis to choose: the fake of unit, and the stack that a person runs."""
    items[:] = [item for item in items if not _has_no_choice(item)]


def _has_no_choice(item: pytest.Item) -> bool:
    params = _params(item)
    return params.get("backend") == "redis" and params.get("tier") is not Tier.INTEGRATION


def _params(item: pytest.Item) -> dict[str, object]:
    return item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}


def pytest_itemcollected(item: pytest.Item) -> None:
    """Say which run stack a test uses in the integration tier: its fixtures choose it by the tier."""
    if not item.get_closest_marker(Tier.INTEGRATION):
        return
    fixtures = set(getattr(item, "fixturenames", ()))
    if "small_keyvalue" in fixtures:
        item.add_marker(pytest.mark.shared("small_prism"))
    if {"layer", "prism_endpoint"} & fixtures and _params(item).get("backend") == "memstore":
        item.add_marker(pytest.mark.shared("spawned_prism"))


class DataLayer(Protocol):
    """One data layer, whatever it is made of."""

    def keyvalue(self, namespace: str) -> KeyValue:
        """Return the calls on a namespace."""

    def outlive(self, ttl: timedelta, gone: Callable[[], bool]) -> None:
        """Let a time to live that began just now pass, until `gone`."""


class FakeLayer:
    """In this process, on a clock that jumps."""

    def __init__(self) -> None:
        self._clock = FakeClock()
        self._store = FakeStore(clock=self._clock)

    def keyvalue(self, namespace: str) -> KeyValue:
        """Return the calls on a namespace."""
        return FakeKeyValue(self._store, namespace=namespace)

    def outlive(self, ttl: timedelta, gone: Callable[[], bool]) -> None:
        """Jump to the moment before the end, and then over it."""
        self._clock.advance(ttl - MOMENT)
        assert not gone()
        self._clock.advance(MOMENT)
        assert gone()


class RealLayer:
    """Behind a proxy, on the clock of the world."""

    def __init__(self, endpoint: str, opened: ExitStack) -> None:
        self._endpoint = endpoint
        self._opened = opened

    def keyvalue(self, namespace: str) -> KeyValue:
        """Return the calls on a namespace."""
        from prism_stack.client import KeyValueClient

        return self._opened.enter_context(KeyValueClient(self._endpoint, namespace=namespace))

    def outlive(self, ttl: timedelta, gone: Callable[[], bool]) -> None:
        """Wait for the end of the key's time."""
        wait_until(gone, seconds=ttl.total_seconds() + SLACK_SECONDS, what="the end of a key's time")


@pytest.fixture
def layer(tier: Tier, request: pytest.FixtureRequest) -> Iterator[DataLayer]:
    """The data layer of the tier."""
    if tier is Tier.UNIT:
        yield FakeLayer()
        return
    with ExitStack() as opened:
        yield RealLayer(request.getfixturevalue("prism_endpoint"), opened)


@pytest.fixture
def keyvalue(layer: DataLayer) -> KeyValue:
    """The calls on the default namespace."""
    return layer.keyvalue(DEFAULT_NAMESPACE)


@pytest.fixture
def keyvalue_in(layer: DataLayer) -> Callable[[str], KeyValue]:
    """Gives the calls on another namespace."""
    return layer.keyvalue


@pytest.fixture
def outlive(layer: DataLayer) -> Callable[[timedelta, Callable[[], bool]], None]:
    """Lets a time to live that began just now pass, until what is given says that the key is gone."""
    return layer.outlive


@pytest.fixture
def new_key(keyvalue: KeyValue, test_namespace: str) -> Iterator[Callable[[str], str]]:
    """Makes keys under a prefix that no other test has; they are removed after the test."""
    prefix = f"{test_namespace}/"
    made: list[str] = []

    def new_key(name: str) -> str:
        made.append(prefix + name)
        return made[-1]

    yield new_key
    # One by one, so that it works for what is too much for one message, or for a batch that is the fault.
    for key in made:
        keyvalue.delete(key)


@pytest.fixture
def small_keyvalue(tier: Tier, request: pytest.FixtureRequest, test_namespace: str) -> Iterator[KeyValue]:
    """The calls on a namespace of this test's own, which has room for a few keys."""
    if tier is Tier.UNIT:
        yield FakeKeyValue(FakeStore(max_keys=SMALL_CAPACITY))
        return
    from prism_stack.client import KeyValueClient

    endpoint = request.getfixturevalue("small_prism_endpoint")
    with KeyValueClient(endpoint, namespace=test_namespace) as client:
        yield client


@pytest.fixture
def call_path(prism_endpoint: str) -> Iterator[Callable[..., tuple[str, str]]]:
    """Sends an empty message to a path of the proxy, for what no typed client would; the fake has no paths.

    It takes the path and pairs of metadata, and returns the name of the status that it ended with, and the details.
    """
    import grpc

    from prism_stack.calls import ending
    from prism_stack.channel import open_channel

    def call_path(path: str, *metadata: tuple[str, str]) -> tuple[str, str]:
        method: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(path)
        try:
            method(b"", timeout=CALL_SECONDS, metadata=metadata)
        except grpc.RpcError as error:
            return ending(error)
        return "OK", ""

    with open_channel(prism_endpoint) as channel:
        yield call_path
