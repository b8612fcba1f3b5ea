"""What the command does where nobody takes what it says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from typing import IO

ZIGGURAT = [sys.executable, "-m", "ziggurat.cli"]


def said(words: list[str], stdout: IO[str] | int) -> tuple[int, str]:
    """Return the exit code of the command and its stderr."""
    ended = subprocess.run([*ZIGGURAT, *words], check=False, stdout=stdout, stderr=subprocess.PIPE, text=True)
    return ended.returncode, ended.stderr


@pytest.mark.usefixtures("base")
@pytest.mark.parametrize("words", [["ps"], ["ps", "--json"], ["clean"]], ids=" ".join)
def test_a_reader_who_has_gone_is_no_error_to_tell_of(words: list[str]) -> None:
    """As `head` goes; the exit code is a shell's for who SIGPIPE ended."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        assert said(words, writing) == (141, "")
    finally:
        os.close(writing)


@pytest.mark.usefixtures("base")
def test_a_full_disk_is_told_in_one_line() -> None:
    """It is the world's failure."""
    with Path("/dev/full").open("w") as full:
        assert said(["ps"], full) == (70, "ziggurat: cannot write to stdout: No space left on device\n")


@pytest.mark.usefixtures("base")
def test_no_stdout_at_all_is_told_too() -> None:
    """As after `>&-`."""
    ended = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" >&-', "sh", *ZIGGURAT, "ps"], check=False, capture_output=True, text=True
    )

    assert (ended.returncode, ended.stderr) == (70, "ziggurat: cannot write to stdout: Bad file descriptor\n")
