"""The status of an HTTP answer, in whatever pieces it comes."""

import itertools

import pytest
from hypothesis import given, strategies as st

from ziggurat.http_check import LONGEST_LINE, HttpCheck, is_success

ANSWER = b"HTTP/1.1 204 No Content\r\nServer: made\r\n\r\n"


def test_it_asks_for_its_path_once() -> None:
    """With the authority that it was told, on a connection that ends with the answer."""
    check = HttpCheck("/health", "127.0.0.1:80")

    assert check.to_send() == b"GET /health HTTP/1.1\r\nHost: 127.0.0.1:80\r\nConnection: close\r\n\r\n"
    assert check.to_send() == b""


@given(st.lists(st.integers(1, len(ANSWER) - 1), max_size=5))
def test_the_status_is_read_however_the_answer_is_cut(cuts: list[int]) -> None:
    """It is known with the first whole line, and not before."""
    check = HttpCheck("/", "made")
    edges = [0, *sorted(set(cuts)), len(ANSWER)]
    statuses = [check.receive(ANSWER[begin:end]) for begin, end in itertools.pairwise(edges)]

    assert {status for status in statuses if status is not None} == {"HTTP 204"}


@pytest.mark.parametrize("data", [b"SSH-2.0-OpenSSH\r\n", b"\x00\x00\x12", b"HTTP/1.1\r\n", b"HTTP/1.1 OK\r\n", b"\n"])
def test_what_is_no_answer_of_http_is_named(data: bytes) -> None:
    """At once, without waiting for a line that may never end."""
    status = HttpCheck("/", "made").receive(data)

    assert status is not None
    assert status.startswith("it does not speak HTTP/1.1: ")
    assert not is_success(status)


def test_a_line_without_end_is_given_up() -> None:
    """A server cannot keep the probe reading for ever."""
    assert HttpCheck("/", "made").receive(b"HTTP/1.1 " + b"x" * LONGEST_LINE) is not None


@pytest.mark.parametrize(
    ("status", "success"), [("HTTP 200", True), ("HTTP 299", True), ("HTTP 302", False), ("", False)]
)
def test_only_success_is_ready(status: str, success: bool) -> None:  # noqa: FBT001 - a column of a table
    """A redirect is another server's word."""
    assert is_success(status) is success
