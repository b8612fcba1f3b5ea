"""Where a trial takes place: folders of its own, and this process as the one to whom every orphan comes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ziggurat.keeper import kernel, ports, processes
from ziggurat.waiting import interval, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ROOT = Path(__file__).resolve().parents[2]
GONE_SECONDS = 2.0
OUTPUT_SHOWN = 2000
CLEARING_SECONDS = 10.0
KEPT = ("ziggurat", "ziggurat/ports")
"""What a user's folder of runs keeps when no run is there; below the second lie the locks of fixed ports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The folders of one trial."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which everything that a trial starts lives, and leaves its files."""
        return {**os.environ, "XDG_RUNTIME_DIR": str(self.folder), "TMPDIR": str(self.folder), "PYTEST_ADDOPTS": ""}

    def start(self, *words: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start a program that is to be tried; what it prints goes to a file beside the folder."""
        with self.output.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, *words],
                cwd=ROOT,
                env={**self.environment, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def output(self) -> Path:
        """What the programs printed."""
        return self.folder.with_suffix(".output")

    def said(self) -> str:
        """Return the end of what the programs printed."""
        return self.output.read_text(errors="replace")[-OUTPUT_SHOWN:] if self.output.exists() else ""

    def files(self) -> list[str]:
        """Return the files that are there and would not be if nothing had ever run."""
        found = (
            str(Path(parent, name).relative_to(self.folder))
            # Whose folders may go while they are being read.
            for parent, folders, files in os.walk(self.folder)
            for name in (*folders, *files)
        )
        return sorted(name for name in found if name not in KEPT and not name.startswith(f"{KEPT[1]}/"))


@contextmanager
def scene() -> Iterator[Scene]:
    """Set a scene, and clear it however the trial ends: nothing of one trial may be seen in the next."""
    kernel.become_subreaper()
    with tempfile.TemporaryDirectory(prefix="zt", dir="/tmp", ignore_cleanup_errors=True) as outer:
        folder = Path(outer) / "s"
        folder.mkdir(mode=0o700)
        try:
            yield Scene(folder=folder)
        finally:
            end_all()


@contextmanager
def at_home_in(place: Scene) -> Iterator[None]:
    """Have this process leave its files in the scene."""
    before = {name: os.environ.get(name) for name in ("XDG_RUNTIME_DIR", "TMPDIR")}
    os.environ.update({name: place.environment[name] for name in before})
    yield
    for name, value in before.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value


def family() -> list[int]:
    """Return every process below this one that runs; orphans come here, whatever they have done to hide."""
    return [pid for pid in processes.descendants(os.getpid()) if processes.state(pid) not in {"", "Z", "X"}]


def reap() -> None:
    """Reap every child that has ended, orphans that came here among them."""
    for pid in processes.children(os.getpid()):
        if processes.state(pid) == "Z":
            os.waitpid(pid, os.WNOHANG)


def end_all() -> None:
    """Kill everything below this process."""

    def none_left() -> bool:
        for pid in family():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        reap()
        return not family()

    wait_until(none_left, seconds=CLEARING_SECONDS, what="the end of all that a trial started")


def listening(pids: Iterable[int]) -> frozenset[int]:
    """Return the ports at which some processes listen."""
    return frozenset(port for _, port in ports.addresses_of(list(pids)))


def is_held(port: int) -> bool:
    """Say whether a socket is bound to a port; connections that are over but remembered (TIME_WAIT) do not count."""
    with socket.socket() as strict:
        try:
            strict.bind(("127.0.0.1", port))
        except OSError:
            return not any(f":{port:04X} " in entry for entry in Path("/proc/net/tcp").read_text().splitlines())
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What must be gone from a scene."""

    ports: frozenset[int] = frozenset()
    """Which were in use."""
    victim: int = 0
    spared: int = 0
    """The process that may go on."""
    among: frozenset[tuple[int, int]] | None = None
    """The pids and start times of which alone something is expected; None for all."""
    with_family: bool = False
    """And all that is below it, and its files: an orphan is below this process, never below that one."""

    @property
    def of_all(self) -> bool:
        """Whether nobody goes on who may have files."""
        return not self.with_family and self.among is None

    def concerns(self, pid: int) -> bool:
        """Say whether a process is one of those of which something is expected."""
        return self.among is None or (pid, processes.start_time(pid)) in self.among


def remains(place: Scene, expected: Expected) -> tuple[str, ...]:
    """Return what is left, one line each."""
    reap()
    if processes.state(expected.victim) not in {"", "Z", "X"}:
        # Until it has ended its children are below it, and so below the one that is spared.
        return (f"the victim {expected.victim}: {processes.command(expected.victim)}",)
    spared = {expected.spared, *(processes.descendants(expected.spared) if expected.with_family else ())}
    left = [pid for pid in family() if pid not in spared and expected.concerns(pid)]
    return (
        *(f"process {pid} ({processes.state(pid)}): {processes.command(pid)}" for pid in left),
        *(f"port {port} is held" for port in sorted(expected.ports) if is_held(port)),
        *(f"file {name}" for name in (place.files() if expected.of_all else ())),
    )


def await_gone(place: Scene, expected: Expected) -> tuple[float, tuple[str, ...]]:
    """Wait until nothing is left; return how long that took, and what was left when the promised time was over."""
    began = time.monotonic()
    while True:
        looked = time.monotonic()
        left = remains(place, expected)
        now = time.monotonic()
        if not left or looked - began > GONE_SECONDS:
            return now - began, left
        # A look costs more than most: it must not take the processor from those whose end it waits for.
        time.sleep(max(interval(now - began), now - looked))
