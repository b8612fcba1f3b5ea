"""How keeper and toolkit talk."""

import json
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from ziggurat.keeper.wire import Lines, encode

TEXTS = st.text(max_size=5)
VALUES = st.none() | st.booleans() | st.integers() | TEXTS | st.dictionaries(TEXTS, TEXTS, max_size=2)
MESSAGE = st.dictionaries(TEXTS, VALUES, max_size=3)


@given(st.lists(MESSAGE, max_size=3), st.lists(st.integers(0, 100), max_size=5).map(sorted))
def test_messages_arrive_wherever_the_stream_is_cut(messages: list[dict[str, object]], cuts: list[int]) -> None:
    """Whole, once, and in order; line breaks in them are no ends."""
    stream = b"".join(map(encode, messages))
    lines = Lines()
    received = [message for start, end in pairwise([0, *cuts, None]) for message in lines.feed(stream[start:end])]

    assert received == messages


def test_half_a_message_is_kept() -> None:
    """Until its end comes."""
    lines = Lines()

    assert lines.feed(b'{"id":') == []
    assert lines.feed(b"1}\n{") == [{"id": 1}]


def test_white_space_around_a_message_is_nothing() -> None:
    """A person may have typed it."""
    assert Lines().feed(b' {"id": 1} \r\n') == [{"id": 1}]


@pytest.mark.parametrize("line", [b"", b"nonsense", b"[]", b"1", b"null", b'"text"', b"\xff", b"{} {}", b"{}x"])
def test_what_is_no_message_is_an_error(line: bytes) -> None:
    """Whoever sends it does not speak this language."""
    with pytest.raises(ValueError, match=r".*"):
        Lines().feed(line + b"\n")


@given(MESSAGE)
def test_a_message_is_one_line(message: dict[str, object]) -> None:
    """Of plain JSON, so that a person can read along."""
    line = encode(message)

    assert line.count(b"\n") == 1
    assert json.loads(line) == message
