"""Descriptions of services as frozen values."""

import dataclasses

import pytest
from hypothesis import given, strategies as st

from ziggurat.errors import SpecError, UnknownName
from ziggurat.spec import FREE, REPORTED, Ask, Endpoint, Service, Stack, Started

HOSTS = st.one_of(st.ip_addresses().map(str), st.just("localhost"))


@given(HOSTS, st.integers(0, 65535))
def test_an_endpoint_is_read_as_it_is_written(host: str, port: int) -> None:
    """IPv6 hosts stand in brackets."""
    assert Endpoint.parse(str(Endpoint(host, port))) == Endpoint(host, port)


@pytest.mark.parametrize(
    "text", ["", "host", ":80", "host:", "host:http", "host:-1", "host:65536", "host:\N{SUPERSCRIPT TWO}"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    """With what it was."""
    with pytest.raises(SpecError, match="is not HOST:PORT"):
        Endpoint.parse(text)


def test_a_service_by_name() -> None:
    """Or the names that there are."""
    web = Service(name="web", command=("web",))
    stack = Stack(name="one", services=(web,))

    assert stack.service("web") is web
    with pytest.raises(UnknownName) as caught:
        stack.service("wbe")
    assert caught.value.known == ("web",)


def test_a_service_is_ready_when_it_runs_and_stops_by_sigterm_unless_declared_otherwise() -> None:
    """The defaults are the mildest ones."""
    service = Service(name="web", command=("web",))

    assert service.ready == Started()
    assert service.stop == (Ask(),)


@pytest.mark.parametrize(
    "value", [FREE, REPORTED, Ask(), Started(), Endpoint("h", 1), Service(name="a", command=("a",))]
)
def test_values_are_frozen(value: object) -> None:
    """Nobody changes a description under somebody else's feet."""
    field = next((field.name for field in dataclasses.fields(value)), "anything")  # type: ignore[arg-type]

    with pytest.raises((dataclasses.FrozenInstanceError, TypeError)):
        setattr(value, field, 1)
