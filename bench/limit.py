"""The least that a start can cost: spawn the programs, look every millisecond, and nothing else."""

from __future__ import annotations

import os
import signal
import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench.failure import MeasurementFailed
from ziggurat.spec import LOOPBACK, Endpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PAUSE = 0.001
PATIENCE = 10.0


@contextmanager
def held_ports(count: int) -> Iterator[list[Endpoint]]:
    """Hold free ports as the keeper does: bound and never listening."""
    sockets = [_held() for _ in range(count)]
    yield [Endpoint(LOOPBACK, held.getsockname()[1]) for held in sockets]
    for held in sockets:
        held.close()


def _held() -> socket.socket:
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    held.bind((LOOPBACK, 0))
    return held


def spawn(argv: list[str], log: Path) -> int:
    """Start a program in a session of its own, with its output in a file, and return its pid."""
    return os.posix_spawn(
        argv[0],
        argv,
        os.environ,
        file_actions=(
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ),
        setsid=True,
    )


def look_until(holds: Callable[[], bool]) -> None:
    """Look every millisecond until something holds."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            raise MeasurementFailed(f"a bare start did not answer within {PATIENCE:.0f} s")
        time.sleep(PAUSE)


def end(pid: int, number: signal.Signals = signal.SIGKILL) -> None:
    """End a program and reap it."""
    os.kill(pid, number)
    os.waitpid(pid, 0)


def end_all(pids: list[int], number: signal.Signals = signal.SIGKILL) -> None:
    """End several at once and reap them."""
    for pid in pids:
        os.kill(pid, number)
    for pid in pids:
        os.waitpid(pid, 0)
