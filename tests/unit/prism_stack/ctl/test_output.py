"""What people read: aligned, within bounds, and harmless to a terminal."""

from __future__ import annotations

import pytest

from prism_stack.ctl import output


def test_a_table_is_as_wide_as_its_cells() -> None:
    """Columns are aligned, and no line ends with blanks."""
    told = output.table(("A", "LONGER"), [("wide cell", "x"), ("y", "")])

    assert told.splitlines() == ["A          LONGER", "wide cell  x", "y"]


def test_a_table_without_rows_is_its_heading() -> None:
    """Nothing breaks."""
    assert output.table(("A", "B"), []) == "A  B"


def test_what_could_move_the_cursor_is_shown_as_what_it_is_not() -> None:
    """Texts come from programs that may be anybody's."""
    assert "\x1b" not in output.table(("A",), [("\x1b[2J",)], ["\x1b[2J"])
    assert "\x1b" not in output.facts({"name": "\x1b[2J"})


def test_a_long_note_is_wrapped_and_a_cell_is_not() -> None:
    """Grep finds a row as one line."""
    lines = output.table(("A",), [("x" * 150,)], ["word " * 50]).splitlines()

    assert "x" * 150 in lines
    assert max(len(line) for line in lines if line[0] in "! ") <= output.WIDTH


@pytest.mark.parametrize(
    ("count", "told"),
    [(0, "0s"), (0.9, "0s"), (59, "59s"), (61, "1m1s"), (3600, "1h0m"), (3700, "1h1m"), (90_000, "1d1h")],
)
def test_a_span_of_time_has_two_units_at_most(count: float, told: str) -> None:
    """A person wants to know about how long."""
    assert output.seconds(count) == told
