"""How a wish becomes a running program: which file, with which words and variables, under which limits."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from prism_stack.launcher.crew import Crew, Job
from prism_stack.launcher.errors import LaunchFailed
from prism_stack.launcher.life import Spawned
from prism_stack.launcher.manifest import DEFAULT_TIMEOUT, Limits, Pattern
from prism_stack.launcher.wish import Wish

TOKEN_VARIABLE = "PRISM_LAUNCH_TOKEN"  # noqa: S105 - the name of a variable
TOKEN_BYTES = 32
OWN_VARIABLES = ("PRISM_", "NOTIFY_SOCKET")
"""Of the launcher's environment, what is said to the launcher alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What every process is started with."""

    launcher: str
    """Where the launcher is called back."""
    host: str = "127.0.0.1"
    """What processes listen on."""
    advertise: str = ""
    """The host that they tell others; empty for the one that they listen on."""
    programs: Path | None = None
    """Where bare names are looked for before PATH."""
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))


class Starter:
    """Starts processes through the crew."""

    def __init__(self, crew: Crew, patterns: Mapping[str, Pattern], surroundings: Surroundings) -> None:
        self._crew = crew
        self._patterns = patterns
        self._surroundings = surroundings

    def hold_port(self, wish: Wish) -> int:
        """Have the port of a process held, or raise `LaunchFailed`."""
        return self._crew.hold(self._surroundings.host, wish.port)

    def release_port(self, port: int) -> None:
        """Give the port of a process back."""
        self._crew.release(self._surroundings.host, port)

    def timeout(self, wish: Wish) -> float:
        """Return the seconds that a process may take to be up."""
        pattern = self._patterns.get(wish.pattern)
        return (pattern.timeout if pattern else DEFAULT_TIMEOUT).total_seconds()

    def spawn(self, wish: Wish, port: int) -> Spawned:
        """Start the program of a wish, or raise `LaunchFailed`."""
        pattern = self._patterns.get(wish.pattern)
        if pattern is None:
            raise LaunchFailed(f"pattern {wish.pattern} is no longer there")
        token = secrets.token_hex(TOKEN_BYTES)
        pid, start_time = self._crew.spawn(
            Job(
                process_id=wish.process_id,
                argv=self._words(pattern, wish, port),
                environment=self._variables(pattern, token),
            )
        )
        return Spawned(pid=pid, start_time=start_time, token=token)

    def _words(self, pattern: Pattern, wish: Wish, port: int) -> tuple[str, ...]:
        host = self._surroundings.host
        return (
            *limiting(pattern.limits),
            find_program(pattern, self._surroundings),
            *pattern.arguments,
            *("--listen", f"[{host}]:{port}" if ":" in host else f"{host}:{port}"),
            *(("--advertise", self._surroundings.advertise) if self._surroundings.advertise else ()),
            *("--launcher", self._surroundings.launcher),
            *("--process-id", wish.process_id),
        )

    def _variables(self, pattern: Pattern, token: str) -> dict[str, str]:
        inherited = {
            name: value for name, value in self._surroundings.environment.items() if not name.startswith(OWN_VARIABLES)
        }
        return {**inherited, **pattern.environment, TOKEN_VARIABLE: token}


def find_program(pattern: Pattern, surroundings: Surroundings) -> str:
    """Return the path of a pattern's program, or raise `LaunchFailed`."""
    name = pattern.executable
    if "/" in name:
        path = pattern.folder / name
    else:
        beside = surroundings.programs / name if surroundings.programs else Path()
        found = shutil.which(name, path=surroundings.environment.get("PATH"))
        path = beside if beside.is_file() else Path(found or beside)
    if not path.is_file():
        raise LaunchFailed(f"pattern {pattern.name}: there is no program {name} (looked at {path} and in PATH)")
    if not os.access(path, os.X_OK):
        raise LaunchFailed(f"pattern {pattern.name}: {path} is not executable")
    return str(path.absolute())


def limiting(limits: Limits) -> tuple[str, ...]:
    """Return the words that put a program under limits; none where there are none.

    The program takes the place of prlimit, and keeps its pid.
    """
    options = []
    if limits.open_files is not None:
        options.append(f"--nofile={limits.open_files}")
    if limits.memory is not None:
        options.append(f"--as={limits.memory}")
    if not options:
        return ()
    wrapper = shutil.which("prlimit")
    if wrapper is None:
        raise LaunchFailed("limits need the program prlimit (util-linux), which is not in PATH")
    return (wrapper, *options, "--")
