"""prism-launcher: the one entry, and how its parts are put together."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from threading import Thread

from prism.control_plane_pb2 import DESCRIPTOR as CONTROL_PLANE, LauncherResourceUsage
from prism.launcher.launcher_control_pb2 import DESCRIPTOR as LAUNCHER_CONTROL
from prism.launcher.launcher_control_pb2_grpc import add_LauncherControlServicer_to_server
from prism.launcher.launcher_pb2 import DESCRIPTOR as LAUNCHER
from prism.launcher.launcher_pb2_grpc import add_PatternLauncherServicer_to_server
from prism_stack.launcher import answers, convert, options as flags
from prism_stack.launcher.callback_service import CallbackService
from prism_stack.launcher.callbacks import Callbacks
from prism_stack.launcher.crew import Crew
from prism_stack.launcher.endings import Endings
from prism_stack.launcher.launches import MOST_WAITING, Launches
from prism_stack.launcher.life import Stage
from prism_stack.launcher.link import AdminLink, Identity, Report, Work
from prism_stack.launcher.manifest import Pattern, read_patterns
from prism_stack.launcher.options import Settings
from prism_stack.launcher.process import Process
from prism_stack.launcher.process_service import ProcessService
from prism_stack.launcher.resources import Usage, usage
from prism_stack.launcher.roster import Roster
from prism_stack.launcher.service import Known, PatternLauncherService
from prism_stack.launcher.starter import Starter, Surroundings
from prism_stack.launcher.state import StateFile, held
from prism_stack.launcher.supervisor import Supervisor
from prism_stack.launcher.takeover import take_up
from prism_stack.process import dump, notify
from prism_stack.process.errors import CannotWork
from prism_stack.process.health import Health
from prism_stack.process.identity import Program
from prism_stack.process.program import Common, bind, new_server, run
from prism_stack.process.stopping import Stop

PROGRAM = Program(name="prism-launcher", about="starts and supervises the processes of patterns")
LOG = logging.getLogger(PROGRAM.name)

QUICK_THREADS = 24
"""For calls that wait for nobody, beside those that wait for a process."""
SERVICES = tuple(
    service.full_name
    for file in (LAUNCHER, LAUNCHER_CONTROL, CONTROL_PLANE)
    for service in file.services_by_name.values()
)


def serve(settings: Settings, common: Common, stop: Stop) -> None:
    """Serve until asked to stop, or until the keeper is gone."""
    health = Health(*SERVICES)
    with _state_held(settings.state), ThreadPoolExecutor(MOST_WAITING + QUICK_THREADS) as executor:
        server = new_server(executor, health.handler())
        bound = bind(server, settings.listen)
        parts = Parts(settings, flags.reachable(bound, settings.advertise), stop)
        add_PatternLauncherServicer_to_server(parts.pattern_launcher, server)
        add_LauncherControlServicer_to_server(parts.callback, server)
        server.add_generic_rpc_handlers((parts.processes.handler(),))
        parts.take_up()
        server.start()
        parts.start()
        health.serve()
        notify.ready({"control": bound})
        LOG.info("serving at %s, %d patterns, state in %s", bound, len(parts.patterns), settings.state)
        stop.wait()
        notify.stopping()
        health.drain()
        parts.stop(common.drain_timeout.total_seconds())
        server.stop(common.drain_timeout.total_seconds()).wait()
        executor.shutdown()
        parts.close()


class Parts:
    """The parts of the launcher, put together around one roster."""

    def __init__(self, settings: Settings, address: str, stop: Stop) -> None:
        self.patterns = patterns_of(settings.patterns)
        self._crew = Crew.join()
        self._state = StateFile(settings.state, self._crew.run)
        self._roster = Roster(self._state)
        dump.register("processes", self._roster.describe)
        self._max_processes = settings.rules.max_processes
        surroundings = Surroundings(
            launcher=address,
            host=settings.host,
            advertise=flags.process_advertise(settings.host, settings.advertise),
            programs=settings.programs,
        )
        starter = Starter(self._crew, self.patterns, surroundings)
        self._supervisor = Supervisor(self._roster, self._crew, starter, settings.rules)
        self._endings = Endings(self._roster, self._crew, self._supervisor)
        self._launches = Launches(self._roster, self._supervisor, self._endings)
        self._callbacks = Callbacks(self._roster)
        self._callbacks.when_changed = self._when_heard
        known = Known(
            launcher_id=settings.launcher_id,
            roster=self._roster,
            patterns=self.patterns,
            defaults=settings.defaults,
            host=settings.host,
            heartbeat_millis=settings.rules.heartbeat // timedelta(milliseconds=1),
            began=time.monotonic(),
        )
        self.pattern_launcher = PatternLauncherService(known, self._launches, self._endings)
        self.processes = ProcessService(known, self._launches, self._endings)
        self.callback = CallbackService(known, self._callbacks)
        self._link = self._linked(settings, address)
        self._lost = False
        self._stop = stop
        self._supervisor.when_lost = self._when_lost

    def take_up(self) -> None:
        """Adopt what a launcher before this one left running, and end what nobody knows."""
        take_up(self._state.load(), self._crew, self._roster, self._supervisor)

    def start(self) -> None:
        """Begin to supervise, and to register."""
        self._supervisor.start()
        for process in self._roster.all():
            if process.life.stage is Stage.TERMINATING:
                # A thread of its own: it waits, and processes that run are not to wait for it.
                Thread(target=self._endings.finish, args=(process,), name=f"end {process.id}", daemon=True).start()
        if self._link:
            self._link.start()

    def stop(self, grace: float) -> None:
        """Be heard of no more; a launcher with a keeper of its own ends its processes, any other leaves them."""
        if self._link:
            self._link.close()
        if self._crew.is_own and not self._lost:
            self._endings.end_all(grace)

    def close(self) -> None:
        """Let go of the keeper; raise `CannotWork` where it was gone before."""
        self._supervisor.close()
        self._crew.close()
        if self._lost:
            raise CannotWork("the keeper of its processes is gone, and they with it")

    def _linked(self, settings: Settings, address: str) -> AdminLink | None:
        if not settings.admin:
            return None
        identity = Identity(
            launcher_id=settings.launcher_id,
            address=address,
            version=version("prism-stack"),
            max_processes=settings.rules.max_processes,
            heartbeat=settings.admin_heartbeat,
        )
        work = Work(
            read=lambda message: convert.assignment(message, self.patterns, settings.defaults),
            settle=lambda wishes, complete: self._launches.settle(wishes, complete=complete),
            report=self._report,
        )
        link = AdminLink(settings.admin, identity, work)
        self._supervisor.when_changed = link.nudge
        return link

    def _report(self) -> Report:
        now = time.monotonic()
        processes = self._roster.all()
        taken = {process.id: _usage(process, now) for process in processes}
        health = {process.id: answers.process_health(process, taken[process.id], now) for process in processes}
        resources = LauncherResourceUsage(
            process_count=len(processes),
            max_processes=self._max_processes,
            total_memory_mb=sum(each.memory_mb for each in taken.values()),
            cpu_percent=sum(each.cpu_percent for each in taken.values()),
            available_slots=max(0, self._max_processes - len(processes)),
        )
        return health, resources

    def _when_heard(self) -> None:
        # One that has come up can fall silent, and that earlier than anything that was due before.
        self._supervisor.wake()
        if self._link:
            self._link.nudge()

    def _when_lost(self) -> None:
        self._lost = True
        self._stop.asked.set()


def patterns_of(folders: tuple[Path, ...]) -> Mapping[str, Pattern]:
    """Return the patterns of all folders; what is wrong with a manifest is one line, and leaves the others."""
    patterns, problems = read_patterns(folders)
    for problem in problems:
        LOG.error("%s", problem)
    return patterns


@contextmanager
def _state_held(path: Path) -> Iterator[None]:
    with ExitStack() as stack:
        try:
            stack.enter_context(held(path))
        except OSError as error:
            raise CannotWork(f"{error.filename or path}: {error.strerror}") from error
        yield


def _usage(process: Process, now: float) -> Usage:
    life = process.life
    return usage(life.pid, now - life.spawned_at) if life.pid else Usage()


def main() -> None:
    """Run prism-launcher and exit with the code of its outcome."""
    sys.exit(run(PROGRAM, flags.read, serve))
