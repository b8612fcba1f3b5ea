"""What a command says: one JSON document for programs, aligned lines for people; the same when piped."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence

import click

WIDTH = 100
"""Columns for what is wrapped; what stands in a table never is, so that grep finds a line whole."""


def say(document: Mapping[str, object], text: str, *, as_json: bool) -> None:
    """Print what was found out, in the form that was asked for."""
    click.echo(json.dumps(document, ensure_ascii=False) if as_json else text)


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], notes: Iterable[str] = ()) -> str:
    """Return aligned lines under a heading, and below them the notes, wrapped."""
    lines = [tuple(columns), *(tuple(map(printable, row)) for row in rows)]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    aligned = (
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
    return "\n".join([*aligned, *map(note, notes)])


def facts(named: Mapping[str, str]) -> str:
    """Return names and values, one a line, without those that say nothing."""
    told = {name: text for name, text in named.items() if text}
    width = max(map(len, told))
    return "\n".join(f"{name:<{width}}  {printable(text)}" for name, text in told.items())


def note(text: str) -> str:
    """Return a line that stands out, wrapped."""
    return textwrap.fill(printable(text), WIDTH, initial_indent="! ", subsequent_indent="  ")


def printable(text: str) -> str:
    """Return a text that cannot move a terminal's cursor."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def seconds(count: float) -> str:
    """Return a span of time in two units at most."""
    minutes, rest = divmod(int(count), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    units = [(days, "d"), (hours, "h"), (minutes, "m"), (rest, "s")]
    first = next((at for at, (number, _) in enumerate(units) if number), len(units) - 1)
    return "".join(f"{number}{unit}" for number, unit in units[first : first + 2])
