"""Who was spawned in a run, as it is written down."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ziggurat.keeper import roll, sweep

HERE = os.getpid()
NOBODY = 2**22 + 1


@pytest.fixture
def written(tmp_path: Path) -> int:
    """A descriptor of a new roll in the test's folder."""
    return roll.begin(str(tmp_path))


def test_who_was_spawned_and_lives_is_on_the_roll(written: int, tmp_path: Path) -> None:
    """With its service and the signal that asks it; who has ended is on it no more."""
    roll.enter(written, HERE, "shop-1.web", 3)
    roll.enter(written, NOBODY, "shop-1.db", 0)

    (entry,) = roll.living(str(tmp_path))
    assert (entry.pid, entry.service, entry.dump) == (HERE, "shop-1.web", 3)
    assert HERE in roll.members(entry)


def test_a_pid_that_is_used_again_is_not_on_it(tmp_path: Path) -> None:
    """It is another process's."""
    (tmp_path / roll.NAME).write_text(f'[{HERE}, 1, "shop-1.web", 0]\n')

    assert roll.living(str(tmp_path)) == []


def test_lines_that_cannot_be_read_hide_no_others(written: int, tmp_path: Path) -> None:
    """A full disk leaves half of one."""
    os.write(written, b'[7, 1\n"text"\n\xff\n[1, 2]\n["a", 1, "x", 0]\n')
    roll.enter(written, HERE, "a name\nof two lines", 0)

    assert [entry.service for entry in roll.living(str(tmp_path))] == ["a name\nof two lines"]


def test_there_may_be_none(tmp_path: Path) -> None:
    """The run is of an earlier version, or its folder is gone."""
    assert roll.living(str(tmp_path)) == []


def test_a_roll_counts_only_for_its_own_run(written: int, tmp_path: Path) -> None:
    """A folder may have been used again."""
    sweep.record(str(tmp_path), "one", HERE, HERE)
    roll.enter(written, HERE, "shop-1.web", 0)

    assert HERE in sweep.members("one", str(tmp_path))
    assert HERE not in sweep.members("another", str(tmp_path))
