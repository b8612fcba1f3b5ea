"""Runs as text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ziggurat.census import Member, Run
from ziggurat.report import runs as report

MEMBER = Member(pid=4711, started=1, service="shop-1.db", command="redis-server " + "x" * 80, seconds=90.0)
RUN = Run(tag="ab12", folder=Path("/run/user/1/ziggurat/cd34"), keeper=12, warden=11, members=(MEMBER,))


def test_a_run_is_shown_with_who_looks_after_it_and_its_processes() -> None:
    """No line is longer than a terminal, whatever the command."""
    text = report.table([RUN])

    assert text.splitlines()[0] == "run ab12: keeper 12, warden 11, in /run/user/1/ziggurat/cd34"
    assert "4711  2 min  shop-1.db  redis-server xx" in text
    assert max(map(len, text.splitlines())) <= 100


def test_a_dead_run_says_what_ends_it() -> None:
    """Nobody has to look it up."""
    assert "`ziggurat clean` ends them" in report.table([replace(RUN, keeper=0, warden=0)])


def test_a_run_that_lost_one_of_its_two_says_which() -> None:
    """It is about to end by itself."""
    assert "keeper gone, warden 11" in report.table([replace(RUN, keeper=0)])


def test_nothing_is_said_in_words() -> None:
    """An empty answer could be a failure too."""
    assert report.table([]) == "no run of this user is there\n"
    assert report.cleaned([]) == "nothing was left over\n"


def test_what_was_ended_is_listed() -> None:
    """With the folder that was removed."""
    text = report.cleaned([(RUN, RUN.members)])

    assert text.startswith("run ab12: ended 1, removed /run/user/1/ziggurat/cd34\n")
    assert "4711" in text
