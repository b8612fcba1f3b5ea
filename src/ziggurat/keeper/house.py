"""All services of a run, and what they need from the process that owns them."""

from __future__ import annotations

import os
import signal
import time

from . import kernel, processes, roll
from .logs import ClosedLogs
from .notify import NotifySockets
from .ports import HeldPorts
from .service import Service

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .loop import Loop
    from .notify import NotifySocket

    Listener = Callable[[dict[str, object]], None]

ORPHAN_GRACE = 2.0  # seconds for a service that declared on_orphan = terminate
STUBBORN = 5.0  # seconds after which the keeper leaves what cannot be killed to the warden
RECHECK = 0.002
ENROL_AFTER = 0.01  # seconds: whoever asked has its answer by then, and the processor belongs to the programs before


class House:
    """Owns the services of a run; every orphan below it becomes its child."""

    def __init__(self, folder: str, run: str, loop: Loop) -> None:
        """Take a run's folder and tag."""
        self.folder = folder
        self.run = run
        self.loop = loop
        self.ports = HeldPorts(f"{os.path.dirname(folder)}/ports")
        self.services: dict[str, Service] = {}
        self.closed_logs = ClosedLogs()
        self.is_ending = False
        self.tell: Listener = lambda _: None
        self._by_pid: dict[int, Service] = {}
        self._inotify = kernel.inotify()
        self._watched: dict[str, int] = {}
        self._sockets = NotifySockets(folder)
        self._roll = roll.begin(folder)
        loop.watch(self._inotify, self._logs_grew)

    # === what a service asks of it ===

    def emit(self, kind: str, service: str, **facts: object) -> None:
        """Tell all who listen what happened just now."""
        self.tell({"event": kind, "service": service, "at": time.monotonic_ns(), **facts})

    def adopt(self, service: Service) -> None:
        """Know a service by its new main process."""
        pid, dump = service.pid, int(str(service.spec.get("dump", 0)))
        self._by_pid[pid] = service
        self.loop.after(ENROL_AFTER, lambda: roll.enter(self._roll, pid, service.name, dump))

    def strangers(self) -> list[int]:
        """Return the children that are no service's main process: orphans that came here."""
        return [pid for pid in processes.children(os.getpid()) if pid not in self._by_pid]

    def tags(self, service: str) -> dict[str, str]:
        """Return the variables by which a process is known to belong to this run and service."""
        return {
            processes.RUN_VARIABLE: self.run,
            processes.SERVICE_VARIABLE: service,
            processes.KEEPER_VARIABLE: self.folder,
        }

    def is_tagged(self, pid: int, service: str) -> bool:
        """Say whether a process was started by the service."""
        return processes.environment(pid).get(processes.SERVICE_VARIABLE) == service

    def notify_socket(self) -> NotifySocket:
        """Return a notify socket for a service, until it is removed."""
        return self._sockets.take()

    # === services ===

    def add(self, spec: dict[str, object]) -> Service:
        """Make a service known; one of the same name that has ended is replaced."""
        name = str(spec["name"])
        if name in self.services:
            self.remove(name)
        service = self.services[name] = Service(spec, self)
        self.loop.watch(service.notify.fileno(), service.hear)
        self._watched[name] = kernel.watch_growth(self._inotify, service.log.path)
        return service

    def remove(self, name: str) -> None:
        """Forget a service that has ended."""
        service = self.services.pop(name)
        self.loop.forget(service.notify.fileno())
        kernel.forget_growth(self._inotify, self._watched.pop(name))
        self._sockets.give_back(service.notify)
        self.closed_logs.add(service.log)
        service.close()

    def reap(self) -> None:
        """Reap every child that ended, services and orphans alike."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            service = self._by_pid.pop(pid, None)
            if service:
                service.main_ended(status)
        for service in self.services.values():
            service.end_tree()

    def _logs_grew(self) -> None:
        os.read(self._inotify, 65536)
        for service in self.services.values():
            if service.log.grew() and service.tells_growth:
                self.emit("grew", service.name, size=service.log.size)

    # === the end ===

    def end(self, finished: Callable[[], None]) -> None:
        """Stop what asked for a grace, kill everything else, and call back when nothing is left."""
        self.is_ending = True
        for service in self.services.values():
            if service.spec.get("on_orphan") == "terminate":
                service.stop([[signal.SIGTERM, ORPHAN_GRACE]], lambda: None)
            else:
                service.kill()
        self._end_all(time.monotonic() + STUBBORN, finished)

    def _end_all(self, deadline: float, finished: Callable[[], None]) -> None:
        graceful = any(service.state == "stopping" for service in self.services.values())
        if not graceful:
            for pid in processes.descendants(os.getpid()):
                _kill(pid)
        self.reap()
        if not processes.children(os.getpid()) or time.monotonic() > deadline:
            finished()
            return
        self.loop.after(RECHECK, lambda: self._end_all(deadline, finished))


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
