"""The servers that are started by every way alike: redis, and a native one that is up in a millisecond."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench import redis
from bench.failure import MeasurementFailed
from ziggurat import FREE, Endpoint, Notify, Service, Stack

if TYPE_CHECKING:
    from ziggurat import Probe

SOURCE = Path(__file__).with_name("native.c")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A program, how it is asked whether it is there, and the line in which it says so."""

    name: str
    words: tuple[str, ...]
    """The command; PORT stands for the port."""
    answers: Callable[[Endpoint], bool]
    line: str
    supervised: tuple[str, ...] = ()
    """Words with which it also tells who started it."""

    def command(self, port: int | str) -> list[str]:
        """Return the command for a port."""
        return [str(port) if word == PORT else word for word in self.words]

    def stack(self, count: int = 1, probe: Probe | None = None) -> Stack:
        """Return so many of it as a stack."""
        command = (*self.command("{data.port}"), *self.supervised)
        return Stack(
            name=self.name,
            services=tuple(
                Service(name=f"s{number}", command=command, ports={"data": FREE}, ready=probe or Notify())
                for number in range(count)
            ),
        )


PORT = "PORT"


def redis_server() -> Server:
    """Return redis, as it is installed here."""
    program = shutil.which("redis-server")
    if program is None:
        raise MeasurementFailed("redis-server is not installed on this machine")
    return Server(
        name="redis",
        words=(program, "--port", PORT, *redis.SETTINGS),
        answers=redis.pinged,
        line="Ready to accept connections",
        supervised=redis.SUPERVISED,
    )


def native_server(folder: Path, *words: str) -> Server:
    """Compile the native one into a folder and return it."""
    program = folder / "native"
    if not program.exists():
        done = subprocess.run(["cc", "-O2", "-o", program, SOURCE], capture_output=True, text=True, check=False)
        if done.returncode:
            raise MeasurementFailed(f"cc could not compile {SOURCE.name}:\n{done.stderr}")
    return Server(
        name="native", words=(str(program), PORT, *words), answers=lambda at: up_since(at) > 0, line="^ready$"
    )


def up_since(endpoint: Endpoint) -> int:
    """Return the monotonic nanoseconds since which the native one listens; 0 where it does not answer."""
    try:
        with socket.create_connection((endpoint.host, endpoint.port), timeout=1) as link:
            return int(link.recv(64).split()[1])
    except OSError:
        return 0
