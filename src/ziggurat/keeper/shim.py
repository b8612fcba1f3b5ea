"""What a program is started through where something must be so before its first instruction.

A shell that does it and then becomes the program: the process stays the same. Nothing is put in between for a service
that asks for none of it.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

SHELL = "/bin/sh"
BECOME = 'exec "$0" "$@"'


def wrapped(argv: list[str], limits: Mapping[str, int | None] | None, *, listens: bool) -> list[str]:
    """Return the command line that starts a program under its limits, and tells it whose its listeners are."""
    before = [*_limiting(limits or {}), *(["export LISTEN_PID=$$"] if listens else [])]
    return [SHELL, "-c", " && ".join([*before, BECOME]), *argv] if before else argv


def still_runs(pid: int, program: str) -> bool:
    """Say whether a process is still the shell that is to become a program."""
    shell = os.path.realpath(SHELL)
    try:
        present = os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return False
    return present == shell != os.path.realpath(program)


def _limiting(limits: Mapping[str, int | None]) -> list[str]:
    files, memory = limits.get("open_files"), limits.get("memory")
    commands = [] if files is None else [f"ulimit -n {files}"]
    return commands if memory is None else [*commands, f"ulimit -d {memory // 1024}"]
