"""A hang as a person reads it: where the test stood, then each process, long parts folded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from ziggurat.hang.model import Hang, Looked, Part
from ziggurat.report.text import WIDTH

STACK_SHOWN = 30
PART_SHOWN = 8
SAID_SHOWN = 24
"""What a program says itself, or a debugger of it, tells more than the kernel does."""
KERNEL = {"state", "threads", "open files"}
PROCESSES_SHOWN = 12
WHOLE = 1 << 30


def hang_text(hang: Hang, whole: Path | str) -> str:
    """Return the report for a terminal; ``whole`` is where all of it stands or why it does not, empty for nothing."""
    shown = hang.processes[:PROCESSES_SHOWN]
    rows = [
        *_head(hang),
        *(_cut(row) for row in _part(hang.stacks, STACK_SHOWN, "")),
        *(_cut(row) for looked in shown for row in _process(looked, whole=False)),
    ]
    hidden = len(hang.processes) - len(shown)
    if hidden > 0:
        rows.append(f"{hidden} more processes")
    return "\n".join([*rows, *([f"whole: {whole}"] if whole else [])])


def hang_whole(hang: Hang) -> str:
    """Return all of the report, for a file."""
    processes = (row for looked in hang.processes for row in _process(looked, whole=True))
    return "\n".join([*_head(hang), *_part(hang.stacks, WHOLE, ""), *processes]) + "\n"


def _head(hang: Hang) -> list[str]:
    omitted = f", {hang.omitted} others were left out" if hang.omitted else ""
    return [
        f"{hang.test}",
        f"{hang.reason}; looked at {len(hang.processes)} processes in {hang.seconds:.1f} s{omitted}",
    ]


def _process(looked: Looked, *, whole: bool) -> Iterator[str]:
    yield f"{looked.process.label} (pid {looked.process.pid}): {looked.process.command}"
    for part in looked.parts:
        most = PART_SHOWN if part.title in KERNEL else SAID_SHOWN
        yield from _part(part, WHOLE if whole else most, "  ")


def _part(part: Part, most: int, indent: str) -> Iterator[str]:
    if part.problem:
        yield f"{indent}{part.title}: not told, {part.problem}"
    elif len(part.lines) == 1:
        yield f"{indent}{part.title}: {part.lines[0]}"
    else:
        yield f"{indent}{part.title}"
    if len(part.lines) > 1:
        yield from (f"{indent}  {line}" for line in _first(part.lines, most))


def _first(lines: tuple[str, ...], most: int) -> Iterable[str]:
    hidden = len(lines) - most
    return [*lines[:most], f"… {hidden} more lines"] if hidden > 0 else lines


def _cut(row: str) -> str:
    return row if len(row) <= WIDTH else row[: WIDTH - 1] + "…"
