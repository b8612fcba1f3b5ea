"""Messages: what a request means."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from google.protobuf.message import DecodeError, Message
from hypothesis import given, strategies as st
from tests.unit.prism_stack.launcher.conftest import ID, pattern_of, wish_of

from prism.control_plane_pb2 import BackendConfig, PatternProcessConfig, ProcessAssignment, ProcessConfig
from prism.launcher import launcher_pb2 as wire
from prism_stack.control.refusals import Malformed, Refusal, Unknown
from prism_stack.launcher import convert
from prism_stack.launcher.convert import Defaults
from prism_stack.launcher.errors import NotBuilt
from prism_stack.launcher.manifest import Isolation
from prism_stack.launcher.wish import Proxy, Wish

PATTERNS = {"keyvalue": pattern_of(), "own": pattern_of("own", isolation=frozenset({Isolation.NAMESPACE}))}
REDIS = {"backend": "redis", "backend_config": {"url": "redis://h:1"}}
P1 = Proxy(id="p1", address="h:1")
DEFAULTS = Defaults(store=REDIS, proxies=(P1,))
PLAIN = Defaults()


def launched(defaults: Defaults = PLAIN, **fields: Any) -> Wish:  # noqa: ANN401 - of a message
    """Read a launch by a person."""
    message = wire.LaunchRequest(**{"pattern_name": "keyvalue", "namespace": "orders", **fields})
    return convert.launch(message, PATTERNS, defaults)


def assigned(defaults: Defaults = PLAIN, *, port: int = 0, **fields: Any) -> Wish:  # noqa: ANN401
    """Read an assignment of the admin's."""
    pattern = PatternProcessConfig(**{"pattern_type": "keyvalue", **fields})
    message = ProcessAssignment(
        process_id=ID,
        process_type="pattern",
        namespace="orders",
        config=ProcessConfig(pattern=pattern, port=port),
        version=5,
    )
    return convert.assignment(message, PATTERNS, defaults)


def test_a_launch_means_a_process_of_the_namespace_unless_it_says_otherwise() -> None:
    """The process ids of the contract."""
    assert launched().process_id == ID
    assert launched(isolation=wire.ISOLATION_NAMESPACE).process_id == ID
    shared = launched(isolation=wire.ISOLATION_NONE)
    assert (shared.process_id, shared.namespace, shared.is_shared) == ("shared:keyvalue", "", True)
    assert launched(isolation=wire.ISOLATION_NONE, namespace="") == shared
    with pytest.raises(NotBuilt, match="a process for each session"):
        launched(isolation=wire.ISOLATION_SESSION)


def test_the_configuration_of_a_launch_is_the_backends_but_for_what_is_the_launchers() -> None:
    """The backend's name, the port, and the proxies."""
    told = {"backend": "redis", "url": "redis://h:1", "port": "9095", "proxies": "p1=h:1,h:2"}
    wish = launched(config=told, grace_period_secs=3)

    assert wish.config == REDIS
    assert (wish.port, wish.grace, wish.version) == (9095, 3.0, 0)
    assert wish.proxies == (P1, Proxy(id="h:2", address="h:2"))
    assert wish.outlives


def test_a_launch_that_says_nothing_gets_the_launchers_own() -> None:
    """Store and proxies; saying that there are no proxies is something else."""
    assert (launched(DEFAULTS).config, launched(DEFAULTS).proxies) == (REDIS, (P1,))
    assert launched(DEFAULTS, config={"proxies": ""}).proxies == ()
    assert launched(DEFAULTS, config={"max_keys": "7"}).config == {"backend_config": {"max_keys": "7"}}
    assert (launched().config, launched().outlives, launched().grace) == ({}, False, None)


def test_an_assignment_says_what_the_slot_and_the_settings_say() -> None:
    """What is the admin's own is kept from the process."""
    slot = BackendConfig(
        backend_type="redis", connection_string="redis://h:1", credentials={"username": "u"}, options={"a": "b"}
    )
    settings = {"max_keys": "7", "prism.proxies": "p1=h:1", "prism.other": "x"}
    wish = assigned(slots={"store": slot}, settings=settings)

    told = {"url": "redis://h:1", "username": "u", "a": "b", "max_keys": "7"}
    assert wish.config == {"backend": "redis", "backend_config": told}
    assert (wish.proxies, wish.version, wish.is_assigned) == ((P1,), 5, True)


def test_the_slot_of_the_data_is_the_only_one_or_the_one_called_store() -> None:
    """Of several without that name none is meant."""
    one, other = BackendConfig(backend_type="redis"), BackendConfig(backend_type="memstore")

    assert assigned(slots={"main": one}).config == {"backend": "redis"}
    assert assigned(slots={"a": other, "store": one}).config == {"backend": "redis"}
    with pytest.raises(Malformed, match="none is called store"):
        assigned(slots={"a": one, "b": other})


def test_an_assignment_without_a_slot_gets_the_launchers_store_with_its_settings() -> None:
    """Both together."""
    told = {"url": "redis://h:1", "max_keys": "7"}

    assert assigned(DEFAULTS).config == REDIS
    assert assigned(DEFAULTS, settings={"max_keys": "7"}).config == {"backend": "redis", "backend_config": told}
    assert assigned().config == {}


def test_a_port_is_assigned_by_setting_or_by_field() -> None:
    """The setting first."""
    assert assigned(port=9).port == 9
    assert assigned(port=9, settings={"port": "8"}).port == 8
    assert assigned(settings={"port": ""}).port == 0


def test_a_pattern_must_be_there_and_allow_the_isolation() -> None:
    """What it allows is said."""
    with pytest.raises(Unknown, match="pattern nothing is unknown"):
        launched(pattern_name="nothing")
    with pytest.raises(Malformed, match="pattern own allows namespace, not none"):
        launched(pattern_name="own", isolation=wire.ISOLATION_NONE)


@pytest.mark.parametrize("state", list(wire.ProcessState.values()))
def test_every_state_can_be_listed(state: int) -> None:
    """And no other number."""
    assert convert.listed_state(state) == state
    with pytest.raises(Malformed):
        convert.listed_state(len(wire.ProcessState.values()))


READERS: dict[type[Message], Callable[[Any], object]] = {
    wire.LaunchRequest: lambda message: convert.launch(message, PATTERNS, DEFAULTS),
    ProcessAssignment: lambda message: convert.assignment(message, PATTERNS, DEFAULTS),
}


@pytest.mark.parametrize("kind", READERS, ids=lambda kind: kind.__name__)
@given(data=st.binary(max_size=200))
def test_any_message_is_either_read_or_refused(kind: type[Message], data: bytes) -> None:
    """Whatever bytes a caller sends as its fields."""
    with suppress(DecodeError, Refusal):
        READERS[kind](kind.FromString(data))


@given(st.text(max_size=60))
def test_any_text_is_either_proxies_or_malformed(text: str) -> None:
    """And what is read has an id and an address each, none twice."""
    with suppress(Malformed):
        proxies = convert.read_proxies("proxies", text)
        assert len({proxy.id for proxy in proxies}) == len(proxies)
        assert all(proxy.id and ":" in proxy.address for proxy in proxies)


def test_a_wish_runs_as_another_whatever_its_version_and_proxies() -> None:
    """Those are told, not started with."""
    wish = wish_of(config=REDIS)

    assert wish.runs_as(replace(wish, version=9, proxies=(P1,), grace=1.0))
    assert not any(wish.runs_as(other) for other in (replace(wish, port=1), replace(wish, config={})))
    assert not wish.same_content(replace(wish, proxies=(P1,)))
