"""The health protocol, message by message."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, cast

import grpc
import pytest
from hypothesis import given, strategies as st

from prism_stack.process.health import NOT_SERVING, SERVING, Health, service_name

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "prism.ControlPlane"


class Aborted(Exception):
    """A call that was ended."""


class Context:
    """The one method of a context that is needed."""

    def abort(self, code: grpc.StatusCode, details: str) -> NoReturn:
        """End the call."""
        raise Aborted(code, details)


def ask(health: Health, request: bytes) -> bytes:
    """Return the answer to a Check."""
    check = cast("Callable[[bytes, Context], bytes]", health._check)
    return check(request, Context())


def request_for(name: str) -> bytes:
    """Return a HealthCheckRequest."""
    return b"\x0a" + bytes([len(name)]) + name.encode() if name else b""


@pytest.mark.parametrize("name", ["", NAME])
def test_it_serves_between_ready_and_drain(name: str) -> None:
    """The program itself, and each of its services."""
    health = Health(NAME)
    answers = [ask(health, request_for(name))]
    health.serve()
    answers.append(ask(health, request_for(name)))
    health.drain()
    answers.append(ask(health, request_for(name)))

    assert answers == [NOT_SERVING, SERVING, NOT_SERVING]


def test_an_unknown_service_is_not_found() -> None:
    """As the protocol has it."""
    with pytest.raises(Aborted) as ended:
        ask(Health(NAME), request_for("nobody"))

    assert ended.value.args[0] is grpc.StatusCode.NOT_FOUND


@given(st.binary(max_size=300))
def test_any_bytes_name_a_service_or_none(data: bytes) -> None:
    """Nothing is read beyond the end."""
    name = service_name(data)

    assert name is None or len(name) <= 127


def test_a_request_that_cannot_be_read_is_refused() -> None:
    """A length beyond the end of the message."""
    with pytest.raises(Aborted) as ended:
        ask(Health(NAME), b"\x0a\x09abc")

    assert ended.value.args[0] is grpc.StatusCode.INVALID_ARGUMENT
