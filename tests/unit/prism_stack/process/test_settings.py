"""Flags, variables and defaults, as a program sees them."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from prism_stack.process.errors import BadConfiguration
from prism_stack.process.settings import Options, Source, address, choice, duration, positive_duration


def options(line: str, **variables: str) -> Options:
    """Return the options of a command line and an environment."""
    return Options(line.split(), variables)


def take(given_options: Options) -> str:
    """Take the one option of these tests."""
    return given_options.one("listen", address, "127.0.0.1:1", "where")


@pytest.mark.parametrize(
    ("line", "variables", "value", "source"),
    [
        ("", {}, "127.0.0.1:1", Source.DEFAULT),
        ("", {"PRISM_LISTEN": ""}, "127.0.0.1:1", Source.DEFAULT),
        ("", {"PRISM_LISTEN": "127.0.0.1:2"}, "127.0.0.1:2", Source.ENVIRONMENT),
        ("--listen 127.0.0.1:3", {"PRISM_LISTEN": "127.0.0.1:2"}, "127.0.0.1:3", Source.FLAG),
        ("--listen 127.0.0.1:3 --listen=[::1]:4", {}, "[::1]:4", Source.FLAG),
    ],
)
def test_the_nearer_source_wins(line: str, variables: dict[str, str], value: str, source: Source) -> None:
    """A flag, then the variable, then the default; the last of two flags."""
    given_options = options(line, **variables)

    assert take(given_options) == value
    assert [setting.source for setting in given_options.settings] == [source]
    given_options.finish()


def test_everything_that_is_wrong_is_told_at_once() -> None:
    """By the name under which it was given."""
    given_options = options("word --listen localhost:1 --nonsense 1 --json --late", PRISM_WAIT="soon")
    take(given_options)
    given_options.one("wait", duration, "1s", "how long")
    with pytest.raises(BadConfiguration) as told:
        given_options.finish()

    assert told.value.exit_code == 64
    assert told.value.reasons == (
        '"word" is no option',
        "--late lacks its value",
        '--listen "localhost:1" is not HOST:PORT with an address as host, such as 127.0.0.1:0',
        'PRISM_WAIT "soon" is not a duration, such as 200ms, 30s, 5m or 1h',
        "--nonsense is unknown",
        "--json goes with --version",
    )


@pytest.mark.parametrize(
    ("text", "seconds"), [("0s", 0), ("200ms", 0.2), ("30s", 30), ("5m", 300), ("1h", 3600), ("999999999s", 999999999)]
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: float) -> None:
    """As in the Rust programs."""
    assert duration(text) == timedelta(seconds=seconds)


@given(st.text(max_size=12))
def test_no_text_is_anything_but_a_value_or_a_value_error(text: str) -> None:
    """Parsers have no other way out."""
    for parse in (address, duration, positive_duration, choice("a", "b")):
        with suppress(ValueError):
            parse(text)


@pytest.mark.parametrize("text", ["0s", "0ms"])
def test_a_duration_of_nothing_is_refused_where_it_makes_no_sense(text: str) -> None:
    """A heartbeat of no time would never be late."""
    with pytest.raises(ValueError, match="longer than nothing"):
        positive_duration(text)
