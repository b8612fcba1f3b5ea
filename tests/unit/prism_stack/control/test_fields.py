"""Fields: no message, whatever is in it, gets anything but a verdict."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.message import DecodeError, Message
from hypothesis import given, strategies as st

from prism.control_plane_pb2 import (
    CreateNamespaceRequest,
    LauncherHeartbeatRequest,
    LauncherRegistration,
    ProxyHeartbeat,
    ProxyRegistration,
)
from prism_stack.admin import convert
from prism_stack.control import fields
from prism_stack.control.refusals import Malformed

SECOND = timedelta(seconds=1)
READERS: dict[type[Message], Callable[[Any], object]] = {
    ProxyRegistration: lambda message: convert.proxy(message, SECOND),
    LauncherRegistration: lambda message: convert.launcher(message, SECOND),
    ProxyHeartbeat: convert.proxy_heartbeat,
    LauncherHeartbeatRequest: convert.launcher_heartbeat,
    CreateNamespaceRequest: lambda message: convert.wish(message, "keyvalue"),
}


@pytest.mark.parametrize("kind", READERS, ids=lambda kind: kind.__name__)
@given(data=st.binary(max_size=200))
def test_any_message_is_either_read_or_malformed(kind: type[Message], data: bytes) -> None:
    """Whatever bytes a caller sends as its fields."""
    with suppress(DecodeError, Malformed):
        READERS[kind](kind.FromString(data))


@given(st.text(max_size=70))
def test_a_namespace_that_is_allowed_looks_like_one(name: str) -> None:
    """Lower-case letters, digits and dashes, at most 63, no dash in front."""
    with suppress(Malformed):
        assert fields.namespace("namespace", name) == name
        assert 1 <= len(name) <= 63
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
        assert not name.startswith("-")


@pytest.mark.parametrize("text", ["127.0.0.1:1", "host:65535", "[::1]:80", "a.b-c.d:9"])
def test_an_address_is_a_host_and_a_port(text: str) -> None:
    """Numeric or by name."""
    assert fields.address("address", text) == text


@pytest.mark.parametrize(
    "text", ["a", "a:", ":1", "a:0", "a:65536", "a:-1", "a: 1", "a:\u0661", "::1:1", "a b:1", "-a:1"]
)
def test_what_is_no_address_is_named(text: str) -> None:
    """By its field."""
    with pytest.raises(Malformed, match=r"^address: "):
        fields.address("address", text)


def test_a_text_up_to_the_bound_is_allowed() -> None:
    """One character more is not."""
    fields.check(ProxyRegistration(region="x" * 4096))
    with pytest.raises(Malformed, match="region: is longer than 4096"):
        fields.check(ProxyRegistration(region="x" * 4097))


@given(st.sampled_from(["a", "keyvalue"]), st.permutations(["x", "y", "z"]))
def test_the_same_configuration_in_another_order_is_the_same(pattern: str, keys: list[str]) -> None:
    """Maps have no order on the wire."""
    request = CreateNamespaceRequest(namespace="n")
    for key in keys:
        request.config.metadata[key] = key
    request.config.patterns["p"].pattern_name = pattern
    other = CreateNamespaceRequest(namespace="n")
    other.config.patterns["p"].pattern_name = pattern
    for key in sorted(keys):
        other.config.metadata[key] = key

    assert convert.wish(request, "keyvalue") == convert.wish(other, "keyvalue")
