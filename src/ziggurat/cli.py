"""The command line: which runs are there, and an end to what nobody looks after any more.

ziggurat ps [--json]       every run of this user, with its processes
ziggurat clean [--json]    ends what dead runs left, and says what that was
"""

from __future__ import annotations

import argparse
import errno
import json
import os
import signal
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from ziggurat import census, lease
from ziggurat.errors import WorldError, ZigguratError
from ziggurat.report import runs as report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ziggurat.census import Run

READER_GONE = 128 + signal.SIGPIPE
"""As a shell has it for whoever SIGPIPE ended."""


def main(words: Sequence[str] | None = None) -> int:
    """Do what was asked for and return the exit code."""
    chosen = _parse(words)
    try:
        _write(COMMANDS[chosen.command](as_json=chosen.json))
    except BrokenPipeError:
        return READER_GONE
    except ZigguratError as error:
        sys.stderr.write(f"ziggurat: {error}\n")
        return error.exit_code
    return 0


def ps(*, as_json: bool) -> str:
    """Return every run as text."""
    found = census.runs(lease.base_folder())
    return _json([_facts(run) for run in found]) if as_json else report.table(found)


def clean(*, as_json: bool) -> str:
    """End what dead runs left and return it as text."""
    dead = [run for run in census.runs(lease.base_folder()) if not run.lives]
    ended = [(run, census.end(run)) for run in dead]
    if as_json:
        return _json([{"run": run.tag, "ended": [asdict(member) for member in members]} for run, members in ended])
    return report.cleaned(ended)


COMMANDS = {"ps": ps, "clean": clean}


def _write(text: str) -> None:
    """Write to stdout; raise ``BrokenPipeError`` where the reader has gone, and ``WorldError`` for what else may be."""
    try:
        if sys.stdout is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_unwritten()
        raise
    except OSError as error:
        if sys.stdout:
            _forget_unwritten()
        message = f"cannot write to stdout: {error.strerror}"
        raise WorldError(message) from error


def _forget_unwritten() -> None:
    """Have nowhere to go what stdout still holds: Python would try again as it ends, and complain."""
    nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _facts(run: Run) -> dict[str, object]:
    return {**asdict(run), "folder": str(run.folder), "lives": run.lives}


def _json(value: object) -> str:
    return json.dumps(value, indent=2) + "\n"


def _parse(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="ziggurat", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=list(COMMANDS))
    parser.add_argument("--json", action="store_true", help="for programs")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main())
