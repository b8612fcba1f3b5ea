"""The processes as the keeper has them: spawned, watched and ended through it, and found again after a crash.

A launcher inside a stack uses the keeper of that stack, so its processes outlive it and never the stack; any other
one has a keeper of its own, which ends with it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from prism_stack.launcher.errors import LaunchFailed
from prism_stack.launcher.words import printable
from prism_stack.process import dump
from ziggurat import (
    Ask,
    KeeperError,
    Lease,
    OnOrphan,
    ProgramNotFound,
    Service,
    ServiceLog,
    ZigguratError,
    lease as leases,
)
from ziggurat.keeper import processes
from ziggurat.service import for_keeper

SERVICE_VARIABLE = "ZIGGURAT_SERVICE"
LAST_LINES = 5
LONGEST_WORDS = 500
"""Characters of each of them: of the longest, the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One program to be started."""

    process_id: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """The end of a process."""

    process_id: str
    pid: int
    status: int
    """The exit code, or the negative number of the signal."""


class Crew:
    """The processes of one launcher at its keeper."""

    def __init__(self, lease: Lease, prefix: str) -> None:
        self._lease = lease
        self._prefix = prefix
        self._statuses: dict[str, tuple[int, int]] = {}

    @classmethod
    def join(cls) -> Crew:
        """Work through the keeper that started this process, or through one of its own."""
        belonging = leases.belonging()
        if belonging:
            return cls(belonging, f"{os.environ.get(SERVICE_VARIABLE, '')}/")
        return cls(leases.own(), "")

    @property
    def run(self) -> str:
        """The tag of the keeper's run."""
        return str(self._lease.about_keeper["run"])

    @property
    def is_own(self) -> bool:
        """Whether the keeper is this launcher's own, and ends with it."""
        return not self._prefix

    def descriptors(self) -> tuple[int, int]:
        """Return the descriptors of which one can be read when there may be exits to take."""
        return self._lease.descriptors()

    def close(self) -> None:
        """Let go of the keeper; one of its own ends with everything that is left."""
        if self.is_own:
            self._lease.end()
        else:
            self._lease.close()

    # === ports ===

    def hold(self, host: str, port: int) -> int:
        """Have a port held for a process, a free one for 0; raise `LaunchFailed` where it cannot be had."""
        try:
            return int(self._lease.ask("hold", host=host, port=port))
        except ZigguratError as refused:
            raise LaunchFailed(str(refused)) from refused

    def release(self, host: str, port: int) -> None:
        """Give a port back."""
        self._lease.tell("release", host=host, port=port)

    # === processes ===

    def spawn(self, job: Job) -> tuple[int, int]:
        """Start a program; return its pid and its start time. Raises `LaunchFailed`."""
        described = Service(
            name=job.process_id,
            command=job.argv,
            stop=(Ask(),),
            on_orphan=OnOrphan.TERMINATE,
            dump=dump.SIGNAL,
        )
        spec = {
            "name": self._name(job.process_id),
            "argv": list(job.argv),
            "env": dict(job.environment),
            "log": str(self.log(job.process_id).path),
            **for_keeper(described),
        }
        pid = self._start(spec)
        return pid, processes.start_time(pid)

    def _start(self, spec: dict[str, object]) -> int:
        try:
            return int(self._lease.ask("start", spec=spec)["pid"])
        except ProgramNotFound as error:
            raise LaunchFailed(f"{error.program}: {error.reason}") from error
        except ZigguratError as refused:
            raise LaunchFailed(str(refused)) from refused

    def end(self, process_id: str, steps: Iterable[tuple[int, float]]) -> int:
        """Send each signal and wait its seconds, then kill; return the exit status once the whole tree is gone.

        A process that the keeper does not know, or no longer, has ended with 0.
        """
        # A connection of its own: it waits, and others must not wait for it.
        with self._connect() as own:
            try:
                report: Mapping[str, Any] = own.ask(
                    "stop", service=self._name(process_id), steps=[list(each) for each in steps]
                )
            except KeeperError as refused:
                if refused.kind != "no-service":
                    raise
                return 0
        return int(report["exit_status"] or 0)

    def forget(self, process_id: str) -> None:
        """Have the keeper forget a process that has ended, if it knows it."""
        with suppress(KeeperError):
            self._lease.ask("remove", service=self._name(process_id))

    def kill(self, process_id: str) -> None:
        """Kill a process without waiting: its exit is told like any other."""
        self._lease.tell("stop", service=self._name(process_id), steps=[])

    def exits(self) -> list[Exit]:
        """Return the ends since the last call, without waiting; each is told once the whole tree is gone."""
        ended = []
        for event in self._lease.events():
            name = str(event.get("service", ""))
            if not name.startswith(self._prefix):
                continue
            if event["event"] == "exited":
                self._statuses[name] = event["pid"], event["status"]
            elif event["event"] == "gone" and name in self._statuses:
                pid, status = self._statuses.pop(name)
                ended.append(Exit(process_id=name.removeprefix(self._prefix), pid=pid, status=status))
        return ended

    def running(self) -> dict[str, tuple[int, int]]:
        """Return the pid and the start time of each process that runs, by process id."""
        return {
            report["name"].removeprefix(self._prefix): (report["pid"], report["started"])
            for report in self._lease.ask("list")
            if report["name"].startswith(self._prefix) and report["state"] in {"running", "stopping"}
        }

    def statuses(self) -> dict[str, int]:
        """Return how each process ended that has, by process id, as far as the keeper still knows."""
        return {
            report["name"].removeprefix(self._prefix): report["exit_status"] or 0
            for report in self._lease.ask("list")
            if report["name"].startswith(self._prefix) and report["state"] == "exited"
        }

    # === logs ===

    def log(self, process_id: str) -> ServiceLog:
        """Return the log of a process."""
        name = self._name(process_id).replace("/", "_").replace(":", "_")
        return ServiceLog(self._lease.folder / f"{name}.log")

    def last_words(self, process_id: str, since: int) -> str:
        """Return the last lines that a process wrote, as one."""
        lines = self.log(process_id).tail(LAST_LINES, since=since)
        return " | ".join(printable(line)[-LONGEST_WORDS:].strip() for line in lines)

    def _name(self, process_id: str) -> str:
        return f"{self._prefix}{process_id}"

    def _connect(self) -> Lease:
        found = leases.connect(self._lease.folder)
        if found is None:
            raise KeeperError("gone", f"the keeper in {self._lease.folder} is gone")
        return found
