"""Builds a cargo workspace, and takes the programs' paths from what cargo says: never a guess at target/debug."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ziggurat.errors import COMMAND_NOT_FOUND, BuildFailed
from ziggurat.keeper.build_id import read_build_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

RUN_VARIABLES = ("ZIGGURAT_BUILD_RUN", "PYTEST_XDIST_TESTRUNUID")
"""What names the run that one build is enough for: every worker of a run asks, the first one builds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program that cargo built."""

    name: str
    path: Path
    build_id: str
    """The GNU build id in hex: a hash of the content; empty where the linker wrote none."""


def build(manifest: Path, *, release: bool = False, packages: Iterable[str] = ()) -> dict[str, Program]:
    """Build a workspace's programs and return them by name.

    Under one lock, and once per run: further workers take what the first one built. Cargo's progress and rustc's
    messages go to stderr as they come. Raises ``BuildFailed`` with the same messages.
    """
    command = cargo_command(manifest, release=release, packages=packages)
    record = record_of(manifest, release=release)
    with _locked(record):
        known = _read(record)
        if known and known["run"] == _run_name() != "" and known["command"] == command:
            return _programs(known)
        programs = {program.name: program for program in programs_in(_run(command))}
        _remember(record, command, programs)
    return programs


def last_built(manifest: Path, *, release: bool = False) -> dict[str, Program]:
    """Return the programs of the latest build, without building; none where nothing was built."""
    known = _read(record_of(manifest, release=release))
    programs = _programs(known) if known else {}
    return {name: program for name, program in programs.items() if program.path.is_file()}


def record_of(manifest: Path, *, release: bool) -> Path:
    """Return the file in which the outcome of the latest build is kept."""
    return manifest.parent / "target" / f".ziggurat-{'release' if release else 'dev'}.json"


def cargo_command(manifest: Path, *, release: bool, packages: Iterable[str]) -> list[str]:
    """Return the command line of a build."""
    chosen = [word for package in packages for word in ("-p", package)] or ["--workspace"]
    profile = ["--release"] if release else []
    messages = "--message-format=json-render-diagnostics"
    return ["cargo", "build", "--bins", "--manifest-path", str(manifest.resolve()), messages, *chosen, *profile]


def programs_in(messages: Iterable[str]) -> Iterator[Program]:
    """Yield the programs that cargo's JSON messages tell of."""
    for line in messages:
        message = json.loads(line) if line.startswith("{") else {}
        executable = message.get("executable")
        if message.get("reason") == "compiler-artifact" and executable and "bin" in message["target"]["kind"]:
            path = Path(executable)
            yield Program(name=message["target"]["name"], path=path, build_id=read_build_id(executable))


def _run(command: list[str]) -> list[str]:
    """Run cargo and return the lines of its output; what it says on stderr is passed on and kept."""
    environment = {**os.environ, "CARGO_TERM_COLOR": "always" if sys.stderr.isatty() else "never"}
    with tempfile.TemporaryFile() as output:
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE, env=environment
            )
        except FileNotFoundError:
            raise BuildFailed(command, COMMAND_NOT_FOUND, "cargo is not on PATH: install a Rust toolchain") from None
        with process:
            said = "".join(_passed_on(process.stderr or ()))
        if process.returncode:
            raise BuildFailed(command, process.returncode, said)
        output.seek(0)
        return output.read().decode().splitlines()


def _passed_on(stream: Iterable[bytes]) -> Iterator[str]:
    for line in stream:
        text = line.decode(errors="replace")
        sys.stderr.write(text)
        sys.stderr.flush()
        yield text


@contextmanager
def _locked(record: Path) -> Iterator[None]:
    record.parent.mkdir(parents=True, exist_ok=True)
    with record.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run_name() -> str:
    return next((os.environ[name] for name in RUN_VARIABLES if os.environ.get(name)), "")


def _read(record: Path) -> dict[str, Any] | None:
    """Return a record; one that is not there, or that this version cannot read, is none."""
    try:
        known = json.loads(record.read_text())
    except (OSError, ValueError):
        return None
    return known if isinstance(known, dict) and known.keys() >= {"run", "command", "programs"} else None


def _programs(known: Mapping[str, Any]) -> dict[str, Program]:
    paths = {name: Path(path) for name, path in known["programs"].items()}
    return {name: Program(name=name, path=path, build_id=read_build_id(str(path))) for name, path in paths.items()}


def _remember(record: Path, command: list[str], programs: Mapping[str, Program]) -> None:
    paths = {program.name: str(program.path) for program in programs.values()}
    fresh = record.with_suffix(".new")
    fresh.write_text(json.dumps({"run": _run_name(), "command": command, "programs": paths}))
    fresh.replace(record)
