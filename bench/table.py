"""Rows as a table for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from bench.row import Row

COLUMNS = ("measured", "ours", "base", "figure", "spread", "goal", "")
NARROWEST = 132
"""Columns of a terminal below which the cells of a table would be broken; a file has no width of its own."""
STYLES = {"met": "green", "missed": "red", "short of the aim": "yellow"}


def show(title: str, rows: list[Row]) -> None:
    """Print a table."""
    console = Console()
    console.width = max(console.width, NARROWEST)
    table = Table(title=title, title_justify="left")
    for at, column in enumerate(COLUMNS):
        table.add_column(column, justify="left" if at == 0 else "right")
    for row in rows:
        table.add_row(*cells(row), style=STYLES.get(row.verdict))
    console.print(table)


def cells(row: Row) -> list[str]:
    """Return the cells of a row, empty ones where there is nothing to say."""
    return [
        row.what,
        row.unit.write(row.ours.median) if row.ours else "",
        row.unit.write(row.base.median) if row.base else "",
        row.figure_unit.write(row.figure) if row.figure is not None else "",
        _spread(row),
        f"≤ {row.figure_unit.write(row.goal.at_most)}" if row.goal else "",
        row.verdict or row.note,
    ]


def _spread(row: Row) -> str:
    if row.figures is None or len(row.figures.values) == 1:
        return ""
    low, high = row.figures.quartiles
    return f"{row.figure_unit.write(low).split()[0]} to {row.figure_unit.write(high)}"
