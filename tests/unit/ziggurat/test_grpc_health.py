"""The gRPC health check on a connection."""

from __future__ import annotations

import pytest
from hpack import Encoder
from hyperframe.frame import DataFrame, GoAwayFrame, HeadersFrame
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


def trailers(status: str) -> bytes:
    """Return the HEADERS frame that ends an answer."""
    fields = Encoder().encode([("grpc-status", status)], huffman=False)
    return bytes(HeadersFrame(1, fields, flags=["END_HEADERS", "END_STREAM"]).serialize())


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


def test_the_health_is_watched() -> None:
    """By the service's well-known path."""
    assert b"/grpc.health.v1.Health/Watch" in asked().to_send()


def test_the_latest_of_several_statuses_counts() -> None:
    """They came at once, but one after the other."""
    check = asked()

    assert check.receive(reply(b"\x08\x01") + reply(b"\x08\x02")) == "NOT_SERVING"
    assert not check.is_answered
    assert check.receive(reply(b"\x08\x01")) == "SERVING"


def test_a_server_that_cannot_be_watched_is_checked() -> None:
    """From the next question on, and on the same connection."""
    check = asked()
    check.to_send()
    assert check.receive(trailers("12")) == "UNIMPLEMENTED"
    assert check.is_answered
    assert not check.is_over

    check.ask()
    assert b"/grpc.health.v1.Health/Check" in check.to_send()


def test_the_end_of_a_good_call_tells_no_status() -> None:
    """The one that its message told stands."""
    check = asked()

    assert check.receive(reply(b"\x08\x02") + trailers("0")) == "NOT_SERVING"
    assert check.is_answered


def test_a_connection_that_goes_away_is_over() -> None:
    """Whoever asks again needs another one."""
    check = asked()

    assert check.receive(bytes(GoAwayFrame(0, error_code=0).serialize())) == "GOAWAY (error code 0)"
    assert check.is_over


@given(st.binary(max_size=8))
def test_whatever_message_comes_has_a_status(message: bytes) -> None:
    """Another service behind the same path is no error of ours."""
    assert asked().receive(reply(message))
