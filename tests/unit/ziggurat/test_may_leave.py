"""What a setting or a mark says may be left behind."""

from __future__ import annotations

import re

import pytest

from ziggurat.errors import SpecError
from ziggurat.may_leave import patterns


def test_expressions_are_searched_for() -> None:
    """A pattern that is compiled already is one too."""
    agent, sleep = patterns("ziggurat_may_leave", ["^/usr/bin/ssh-agent", re.compile("sleep")])

    assert agent.search("/usr/bin/ssh-agent -s")
    assert sleep.search("/bin/sleep 60")


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("(", "'(' is no regular expression: missing ), unterminated subpattern at position 0"),
        ("a{99999999999}", "'a{99999999999}' is no regular expression: the repetition number is too large"),
        (5, "5 is no regular expression but int"),
        (["a"], "['a'] is no regular expression but list"),
        (re.compile(b"a"), "re.compile(b'a') is no regular expression but bytes"),
    ],
)
def test_what_is_no_regular_expression_is_refused_with_where_it_stands(wrong: object, reason: str) -> None:
    """And with the reason."""
    with pytest.raises(SpecError) as caught:
        patterns("ziggurat_may_leave", ["fine", wrong])

    assert str(caught.value) == f"ziggurat_may_leave: {reason}"
