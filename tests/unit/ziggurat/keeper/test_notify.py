"""What a datagram of the notify protocol says."""

import pytest
from hypothesis import given, strategies as st

from ziggurat.keeper.notify import parse


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"READY=1", {"READY": "1"}),
        (b"READY=1\n", {"READY": "1"}),
        (b"READY=1\nSTATUS=up and running", {"READY": "1", "STATUS": "up and running"}),
        (b"X_ENDPOINT_DATA=[::1]:80", {"X_ENDPOINT_DATA": "[::1]:80"}),
        (b"STATUS=a=b", {"STATUS": "a=b"}),
        (b"STATUS=", {"STATUS": ""}),
        (b"A=1\nA=2", {"A": "2"}),
        (b"no assignment\n\nA=1", {"A": "1"}),
        (b"", {}),
        (b"STATUS=\xff", {"STATUS": "\N{REPLACEMENT CHARACTER}"}),
        ("STATUS=a\N{LINE SEPARATOR}b\x0cc".encode(), {"STATUS": "a\N{LINE SEPARATOR}b\x0cc"}),
    ],
)
def test_each_line_is_an_assignment_or_nothing(data: bytes, told: dict[str, str]) -> None:
    """The last one of a name counts; only a line feed ends a line."""
    assert parse(data) == told


@given(st.binary())
def test_any_datagram_can_be_read(data: bytes) -> None:
    """The sender may be anything."""
    assert all(isinstance(value, str) for pair in parse(data).items() for value in pair)
