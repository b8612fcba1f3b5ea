"""What a program tells on SIGQUIT of what it holds."""

from __future__ import annotations

import pytest

from prism_stack.process import dump
from prism_stack.process.stopping import Stop


@pytest.fixture(autouse=True)
def nothing_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """No part that another test registered."""
    monkeypatch.setattr(dump, "_parts", {})


def test_each_part_is_told_between_the_first_and_the_last_line() -> None:
    """With its number of lines."""
    dump.register("peers", lambda: ["proxy p1", "launcher l1"])

    first, *rest = dump.compose("prism-made-up").splitlines()
    assert first.startswith("dump of prism-made-up, pid ")
    assert rest == ["peers: 2", "  proxy p1", "  launcher l1", "end of dump"]


def test_a_part_that_fails_does_not_hide_the_others() -> None:
    """It is looked at while others change it."""

    def fails() -> list[str]:
        raise RuntimeError("changed size")

    dump.register("first", fails)
    dump.register("second", lambda: ["seen"])

    assert dump.compose("x").splitlines()[1:5] == [
        "first: 1",
        "  cannot be told: RuntimeError: changed size",
        "second: 1",
        "  seen",
    ]


def test_a_long_part_is_cut() -> None:
    """And says so."""
    dump.register("peers", lambda: map(str, range(dump.MOST_LINES + 5)))

    assert dump.compose("x").splitlines()[-2:] == ["  … 5 more", "end of dump"]


def test_sigquit_asks_for_nothing_but_the_dump() -> None:
    """The program goes on."""
    told: list[str] = []
    with Stop(tell=lambda: told.append("dump")) as stop:
        stop.take(dump.SIGNAL)

    assert told == ["dump"]
    assert not stop.asked.is_set()
