"""The ways to start a server and to end it: Ziggurat, the limit, and the peers, each as its users use it."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from bench import limit
from ziggurat import Notify, start

if TYPE_CHECKING:
    import signal
    from collections.abc import Sequence

    from bench.server import Server
    from ziggurat import Endpoint, Lease, Probe, RunningStack

PEERS_POLL = 0.1
"""What everybody who has no better way sleeps between two looks."""


class Way(Protocol):
    """One way; it has one set of servers at a time."""

    name: str

    def begin(self, server: Server, endpoints: Sequence[Endpoint]) -> Sequence[Endpoint]:
        """Start one server for each endpoint, return when they are said to be ready, and where they are."""

    def end(self) -> None:
        """End them, and return when they are gone."""


@dataclass(slots=True, kw_only=True)
class Ours:
    """``ziggurat.start`` over a keeper that is there."""

    lease: Lease
    probe: Probe = field(default_factory=Notify)
    name: str = "ziggurat"
    running: RunningStack | None = None

    def begin(self, server: Server, endpoints: Sequence[Endpoint]) -> Sequence[Endpoint]:
        """Start a stack; it chooses its ports itself."""
        self.running = start(server.stack(len(endpoints), self.probe), lease=self.lease)
        return [service.endpoints["data"] for service in self.running.services.values()]

    def end(self) -> None:
        """Stop the stack."""
        if self.running:
            self.running.stop()


@dataclass(slots=True, kw_only=True)
class Limit:
    """Only what cannot be left out: spawned, looked at each millisecond, signalled and reaped."""

    log: Path
    number: signal.Signals
    name: str = "limit"
    pids: list[int] = field(default_factory=list)

    def begin(self, server: Server, endpoints: Sequence[Endpoint]) -> Sequence[Endpoint]:
        """Spawn all, then look at all until each has answered."""
        self.pids = [limit.spawn(server.command(endpoint.port), self.log) for endpoint in endpoints]
        waiting = list(endpoints)

        def all_answer() -> bool:
            waiting[:] = [endpoint for endpoint in waiting if not server.answers(endpoint)]
            return not waiting

        limit.look_until(all_answer)
        return endpoints

    def end(self) -> None:
        """Signal all, then reap all."""
        limit.end_all(self.pids, self.number)


@dataclass(slots=True, kw_only=True)
class PlainPopen:
    """What stands in most conftests: Popen, and a look every tenth of a second."""

    name: str = "Popen + sleep 0.1"
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def begin(self, server: Server, endpoints: Sequence[Endpoint]) -> Sequence[Endpoint]:
        """Start and await one after the other."""
        for endpoint in endpoints:
            self.processes.append(subprocess.Popen(server.command(endpoint.port), stdout=subprocess.DEVNULL))
            while not server.answers(endpoint):
                time.sleep(PEERS_POLL)
        return endpoints

    def end(self) -> None:
        """Terminate and wait for one after the other."""
        while self.processes:
            process = self.processes.pop()
            process.terminate()
            process.wait(timeout=10)


@dataclass(slots=True, kw_only=True)
class Mirakuru:
    """mirakuru's TCPExecutor."""

    name: str = "mirakuru"
    executors: list[Any] = field(default_factory=list)

    def begin(self, server: Server, endpoints: Sequence[Endpoint]) -> Sequence[Endpoint]:
        """Start one executor after the other."""
        from mirakuru import TCPExecutor

        for endpoint in endpoints:
            executor = TCPExecutor(
                server.command(endpoint.port), endpoint.host, endpoint.port, timeout=10, stdout=subprocess.DEVNULL
            )
            self.executors.append(executor)
            executor.start()
        return endpoints

    def end(self) -> None:
        """Stop one after the other."""
        while self.executors:
            self.executors.pop().stop()


class _NoLog:
    def debug(self, *_: object) -> None:
        """Say nothing."""


class _Config:
    """The part of pytest's that pytest-xprocess needs."""


@dataclass(slots=True, kw_only=True)
class XProcess:
    """pytest-xprocess, awaiting the server's line."""

    folder: Path
    name: str = "pytest-xprocess"
    infos: list[Any] = field(default_factory=list)

    def begin(self, server: Server, endpoints: Sequence[Endpoint]) -> Sequence[Endpoint]:
        """Ensure one after the other."""
        import py
        from xprocess import ProcessStarter, XProcess as Xprocess

        manager = Xprocess(_Config(), py.path.local(self.folder), log=_NoLog())  # noqa: PTH124 - it asks for one
        for number, endpoint in enumerate(endpoints):
            starter = type(
                "Starter", (ProcessStarter,), {"pattern": server.line, "args": server.command(endpoint.port)}
            )
            manager.ensure(f"{server.name}-{number}", starter, persist_logs=False)
            self.infos.append((manager, manager.getinfo(f"{server.name}-{number}")))
        return endpoints

    def end(self) -> None:
        """Terminate one after the other."""
        while self.infos:
            manager, info = self.infos.pop()
            info.terminate()
            for resource in manager.resources:
                resource.release()
                resource.popen.poll()


@dataclass(slots=True, kw_only=True)
class Honcho:
    """``honcho start`` on a Procfile, and a look every tenth of a second, for it knows nothing of readiness."""

    folder: Path
    name: str = "honcho"
    process: subprocess.Popen[bytes] | None = None

    def begin(self, server: Server, endpoints: Sequence[Endpoint]) -> Sequence[Endpoint]:
        """Start all by one command."""
        lines = (f"s{at}: exec {' '.join(server.command(where.port))}\n" for at, where in enumerate(endpoints))
        (self.folder / "Procfile").write_text("".join(lines))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "honcho", "-d", str(self.folder), "start"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for endpoint in endpoints:
            while not server.answers(endpoint):
                time.sleep(PEERS_POLL)
        return endpoints

    def end(self) -> None:
        """Ask it to end."""
        if self.process:
            self.process.terminate()
            self.process.wait()
