"""Shows how the parts of a stack come up, side by side: one line each, which a terminal sees change."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

import click

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

FRAMES_PER_SECOND = 20


class Progress:
    """What has happened to each part so far; a context manager that shows it on stderr."""

    def __init__(self, parts: Iterable[str]) -> None:
        self._began = time.monotonic()
        self._last = dict.fromkeys(parts, ("waits", 0.0))
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            # Loaded only where somebody sees it.
            from rich.console import Console
            from rich.live import Live

            self._live = Live(self._table(), console=Console(stderr=True), refresh_per_second=FRAMES_PER_SECOND)
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.update(self._table())
            self._live.stop()

    def note(self, part: str, what: str) -> None:
        """Show what happened to a part."""
        self._last[part] = what, time.monotonic() - self._began
        if self._live:
            self._live.update(self._table())
        else:
            click.echo(f"{part:<12} {what}", err=True)

    def _table(self) -> Table:
        from rich.table import Table

        table = Table.grid(padding=(0, 2))
        for part, (what, seconds) in self._last.items():
            style = "green" if what == "ready" else "dim"
            table.add_row(part, f"[{style}]{what}[/]", f"{seconds:.2f} s" if seconds else "")
        return table
