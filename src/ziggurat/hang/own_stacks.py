"""The stacks of the process that runs the test, by Python's faulthandler: in C, so that no lock stands in its way."""

from __future__ import annotations

import faulthandler
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from ziggurat.hang.model import Part

FRAME = re.compile(r'  File "(?P<path>.*)", line (?P<line>\d+) in (?P<name>.*)')
MACHINERY = re.compile(
    r"/site-packages/(_pytest|pluggy|pytest_timeout|xdist|execnet|pytest)\b|/threading\.py$|^<(frozen |string>)"
)
"""Frames that are the same in every test; xdist's workers begin in a string."""
HERE = f"{Path(__file__).parent}/"
IDLE = "_reap"
"""Where the thread that reaps a warden waits, in every process that has a keeper."""
NAME_WIDTH = 24


def stacks() -> Part:
    """Return the stacks of all threads of this process."""
    try:
        with tempfile.TemporaryFile() as file:
            faulthandler.dump_traceback(file, all_threads=True)
            file.seek(0)
            text = file.read().decode(errors="replace")
    except OSError as error:
        return Part(title="stacks", problem=(error.strerror or str(error)).lower())
    return Part(title="stacks of the test's own process", lines=tuple(readable(text.splitlines(), Path.cwd())))


def readable(lines: Iterable[str], root: Path) -> Iterator[str]:
    """Return faulthandler's lines with the name first and paths below a folder.

    Frames of pytest and of this look are left out, and with them the threads that have no others.
    """
    head = ""
    for line in lines:
        frame = FRAME.fullmatch(line)
        if frame is None:
            head = line.strip()
        elif not _is_machinery(frame["path"], frame["name"]):
            if head:
                yield head
            head = ""
            path = Path(frame["path"])
            shown = path.relative_to(root) if path.is_relative_to(root) else path
            yield f"  {frame['name']:<{NAME_WIDTH}} {shown}:{frame['line']}"


def _is_machinery(path: str, name: str) -> bool:
    return bool(MACHINERY.search(path)) or path.startswith(HERE) or name == IDLE
