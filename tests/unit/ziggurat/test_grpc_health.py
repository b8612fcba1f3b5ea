"""The gRPC health check on a connection."""

from __future__ import annotations

import pytest
from hyperframe.frame import DataFrame, GoAwayFrame
from hypothesis import given, strategies as st

from ziggurat.grpc_health import HealthCheck


def asked(service: str = "made.Service") -> HealthCheck:
    """Return a connection on which the health was just asked for."""
    check = HealthCheck(service, "127.0.0.1:1")
    check.ask()
    return check


def reply(message: bytes) -> bytes:
    """Return the DATA frame of an answer."""
    return bytes(DataFrame(1, b"\0" + len(message).to_bytes(4, "big") + message).serialize())


@pytest.mark.parametrize(
    ("message", "status"),
    [
        (b"", "UNKNOWN"),
        (b"\x08\x00", "UNKNOWN"),
        (b"\x08\x01", "SERVING"),
        (b"\x08\x02", "NOT_SERVING"),
        (b"\x08\x03", "SERVICE_UNKNOWN"),
        (b"\x08\x09", "status 9"),
    ],
)
def test_the_answer_is_a_status_by_name(message: bytes, status: str) -> None:
    """The names of the protocol; a number that has none is told as it is."""
    assert asked().receive(reply(message)) == status


@pytest.mark.parametrize(("service", "message"), [("", b""), ("a.B", b"\x0a\x03a.B")])
def test_the_service_is_named_in_the_request(service: str, message: bytes) -> None:
    """The empty name asks for the server as a whole."""
    sent = asked(service).to_send()

    assert sent.endswith(b"\0" + len(message).to_bytes(4, "big") + message)


def test_a_long_name_is_sent_whole() -> None:
    """A length of 128 and more takes two bytes."""
    name = "x" * 200

    assert asked(name).to_send().endswith(b"\x0a\xc8\x01" + name.encode())


def test_the_health_service_is_asked() -> None:
    """By its well-known path."""
    assert b"/grpc.health.v1.Health/Check" in asked().to_send()


def test_a_connection_that_goes_away_is_over() -> None:
    """Whoever asks again needs another one."""
    check = asked()

    assert check.receive(bytes(GoAwayFrame(0, error_code=0).serialize())) == "GOAWAY (error code 0)"
    assert check.is_over


@given(st.binary(max_size=8))
def test_whatever_message_comes_has_a_status(message: bytes) -> None:
    """Another service behind the same path is no error of ours."""
    assert asked().receive(reply(message))
