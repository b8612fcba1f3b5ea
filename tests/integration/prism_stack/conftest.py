"""Commands as a person types them, in a world of their own: another person's local stack is never met."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMAND_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Typed:
    """A command line environment of one test."""

    environment: dict[str, str]

    def run(self, program: str, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a command of this environment to its end and check its exit code."""
        done = self.run_any(program, *arguments)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def run_any(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of this environment to its end, whatever its exit code is."""
        return subprocess.run(
            self.command(program, *arguments),
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )

    def begin(self, program: str, *arguments: str) -> subprocess.Popen[str]:
        """Start a command whose end the test waits for itself."""
        return subprocess.Popen(
            self.command(program, *arguments),
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @staticmethod
    def command(program: str, *arguments: str) -> list[str]:
        """Return the command line of a program that is installed beside this Python."""
        return [str(Path(sys.executable).parent / program), *arguments]


@pytest.fixture
def typed(tmp_path_factory: pytest.TempPathFactory, programs: dict[str, Path]) -> Iterator[Typed]:
    """Runs commands; the local stack that they may leave is stopped after the test."""
    del programs  # built once before, so that no command of a test builds
    runtime = tmp_path_factory.mktemp("xdg")
    runtime.chmod(0o700)
    typed = Typed({**os.environ, "XDG_RUNTIME_DIR": str(runtime), "ZIGGURAT_LIFELINE": str(os.getpid())})
    yield typed
    subprocess.run(typed.command("prismctl", "local", "stop"), env=typed.environment, capture_output=True, check=False)
