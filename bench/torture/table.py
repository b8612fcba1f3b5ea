"""Findings as a table for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from bench.torture.finding import Finding

COLUMNS = ("trial", "tried", "measured", "goal", "")
NARROWEST = 140
"""Columns of a terminal below which the cells would be broken; a file has no width of its own."""
STYLES = {"kept": "green", "BROKEN": "red"}
SHOWN = 5
"""Times that a promise was broken, in full: more of them seldom tell more."""


def show(promise: str, findings: list[Finding]) -> None:
    """Print the table of one promise, and below it how it was broken."""
    console = Console(highlight=False)
    console.width = max(console.width, NARROWEST)
    table = Table(title=promise, title_justify="left")
    for at, column in enumerate(COLUMNS):
        table.add_column(column, justify="left" if at == 0 else "right")
    for finding in findings:
        table.add_row(*cells(finding), style=STYLES[finding.verdict])
    console.print(table)
    for finding in findings:
        for line in finding.broken[:SHOWN]:
            console.print(f"{finding.trial}: {line}", markup=False, style="red")


def cells(finding: Finding) -> list[str]:
    """Return the cells of a line."""
    return [finding.trial, finding.tried, finding.measured, finding.goal, finding.verdict]
