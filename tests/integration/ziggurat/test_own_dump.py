"""What a program says itself is found wherever it writes it to."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest

from ziggurat import wait_until
from ziggurat.hang import own_dump, proc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Program = Callable[..., tuple[str, ...]]

DUMP = ("dump of a shop", "  3 orders wait for stock", "end of dump")
QUIET = 0.4
"""For who is to say nothing."""


@contextmanager
def telling(command: tuple[str, ...], stdout: IO[bytes] | int, stderr: IO[bytes] | int) -> Iterator[int]:
    """Run what writes its dump to stdout on SIGQUIT, and give its pid once it would."""
    with subprocess.Popen(command, stdout=stdout, stderr=stderr) as process:
        try:
            wait_until(lambda: proc.catches(process.pid, signal.SIGQUIT), seconds=10, what="its handler")
            yield process.pid
        finally:
            process.kill()


@pytest.mark.parametrize("stderr", ["a file", "nowhere"])
def test_a_dump_on_stdout_is_found_where_stderr_says_nothing(program: Program, tmp_path: Path, stderr: str) -> None:
    """As a JVM writes it; what stood there before belongs to no dump."""
    (tmp_path / "out").write_text("before\n")
    command = program("tell_on_sigquit")
    error_path = tmp_path / "err" if stderr == "a file" else Path(os.devnull)
    with (tmp_path / "out").open("ab") as out, error_path.open("wb") as err, telling(command, out, err) as pid:
        part = own_dump.ask(pid, signal.SIGQUIT)

    assert (part.lines, part.problem) == (DUMP, "")


def test_a_dump_on_stderr_is_preferred(tmp_path: Path) -> None:
    """Both may grow: a busy program goes on with its log on stdout."""
    script = "trap 'echo busy; sleep 0.3; echo told >&2; echo end of dump >&2' QUIT; while :; do sleep 0.01; done"
    loud = ("/bin/sh", "-c", script)
    with (tmp_path / "out").open("wb") as out, (tmp_path / "err").open("wb") as err, telling(loud, out, err) as pid:
        part = own_dump.ask(pid, signal.SIGQUIT)

    assert part.lines == ("told", "end of dump")


def test_who_writes_to_no_file_is_not_asked(program: Program) -> None:
    """Nobody could read the answer."""
    with telling(program("tell_on_sigquit"), subprocess.DEVNULL, subprocess.DEVNULL) as pid:
        part = own_dump.ask(pid, signal.SIGQUIT)

    assert part.problem == "its stderr goes to /dev/null, which cannot be read"


def test_who_says_nothing_on_either_is_told(tmp_path: Path) -> None:
    """After the time that it was given."""
    silent = ("/bin/sh", "-c", "trap : QUIT; while :; do sleep 0.01; done")
    with (tmp_path / "out").open("wb") as out, (tmp_path / "err").open("wb") as err, telling(silent, out, err) as pid:
        part = own_dump.ask(pid, signal.SIGQUIT, QUIET)

    assert part.problem == "it said nothing within 0.4 s"
