"""The keeper: answers requests, watches its owner, and ends everything when the owner is gone."""

from __future__ import annotations

import os
import signal
import socket
import time

from . import kernel, processes, sharing, terminal
from .connection import Connection
from .house import House
from .loop import Loop
from .ports import addresses_of
from .refusal import Refused
from .wire import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Request = dict[str, object]
    Answer = Callable[[object], None]

LAST_WORDS = 0.2  # seconds for a client to take what is still unsent when the keeper ends


class Keeper:
    """One run's requests, over a house of services."""

    def __init__(self, house: House, *, warden: int) -> None:
        """Answer for the house; ``warden`` is the pid of the process that watches this one."""
        self._house = house
        self._loop = house.loop
        self._warden = warden
        self._about: object = {}
        self._connections: set[Connection] = set()
        self._finished: list[Callable[[], None]] = []
        self._owner: Connection | None = None
        self._owner_process = -1
        self._sharing = sharing.Sharing(house.services, house.loop.after)
        house.tell = self._tell

    # === who is there ===

    def welcome(self, end: socket.socket, *, owner: bool = False) -> None:
        """Serve a connection; when the owner's ends, everything does."""
        connection = Connection(end, self._loop, self._handle)
        self._connections.add(connection)
        connection.when_closed = self._owner_left if owner else self._left
        self._owner = connection if owner else self._owner

    def watch_process(self, pid: int) -> None:
        """End everything when this process ends, even if a copy of its socket lives on elsewhere."""
        try:
            descriptor = os.pidfd_open(pid)
        except OSError:
            self.end()
            return
        self._loop.once(descriptor, self.end)
        self._owner_process = descriptor

    def _left(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self._sharing.left(connection)

    def _owner_left(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self.end()

    def _tell(self, event: dict[str, object]) -> None:
        self._sharing.hear(event)
        for connection in list(self._connections):
            if connection.wants_events:
                connection.tell(event)

    # === requests ===

    def _handle(self, connection: Connection, request: Request) -> None:
        number = request.get("id")

        def answer(result: object) -> None:
            outcome = {"refused": result.as_message()} if isinstance(result, Refused) else {"ok": result}
            connection.send({"id": number, **outcome})

        try:
            self._obey(connection, request, answer)
        except Refused as refusal:
            answer(refusal)
        except Exception as error:  # noqa: BLE001 - one bad request must not end every service of the run
            message = f"{type(error).__name__}: {error}"
            connection.send({"id": number, "refused": {"kind": "internal", "message": message}})

    def _obey(self, connection: Connection, request: Request, answer: Answer) -> None:
        name = str(request.get("do"))
        if name in sharing.VERBS:
            sharing.VERBS[name](self._sharing, connection, request, answer)
            return
        verb = VERBS.get(name)
        if verb is None:
            raise Refused("unknown", f"this keeper (version {VERSION}) does not know {request.get('do')!r}")
        if verb is Keeper._events:
            connection.wants_events = True
        self._sharing.refuse_change(connection, request)
        verb(self, request, answer)

    def _hello(self, _: Request, answer: Answer) -> None:
        answer(
            {
                "version": VERSION,
                "pid": os.getpid(),
                "warden": self._warden,
                "run": self._house.run,
                "folder": self._house.folder,
                "about": self._about,
                "now": time.monotonic_ns(),
                "ending": self._house.is_ending,
            }
        )

    def _describe(self, request: Request, answer: Answer) -> None:
        self._about = request["about"]
        answer(None)

    def _disown(self, request: Request, answer: Answer) -> None:
        """Go on without an owner, and without its terminal; a lifeline is a process to end with instead."""
        if self._owner:
            self._owner.when_closed = self._left
            self._loop.forget(self._owner_process)
            terminal.let_go()
            if lifeline := int(str(request["lifeline"])):
                self.watch_process(lifeline)
        self._owner = None
        answer(None)

    def _hold(self, request: Request, answer: Answer) -> None:
        answer(self._house.ports.hold(str(request["host"]), int(str(request["port"]))))

    def _release(self, request: Request, answer: Answer) -> None:
        self._house.ports.release(str(request["host"]), int(str(request["port"])))
        answer(None)

    def _start(self, request: Request, answer: Answer) -> None:
        if self._house.is_ending:
            raise Refused("ending", "the keeper is ending: its owner is gone or asked for the end")
        spec: dict[str, object] = request["spec"]  # type: ignore[assignment]
        known = self._house.services.get(str(spec["name"]))
        if known and known.state not in {"idle", "exited"}:
            raise Refused("running", f"{known.name} is already there ({known.state})", service=known.name)
        service = self._house.add(spec)
        try:
            service.spawn()
        except Exception:
            self._house.remove(service.name)
            raise
        answer({"pid": service.pid})

    def _again(self, request: Request, answer: Answer) -> None:
        service = self._service(request)
        if service.state not in {"idle", "exited"}:
            raise Refused("running", f"{service.name} is already there ({service.state})", service=service.name)
        service.restarts += 1
        service.spawn()
        answer({"pid": service.pid})

    def _stop(self, request: Request, answer: Answer) -> None:
        service = self._service(request)
        service.stop(request.get("steps"), lambda: answer(service.report()))  # type: ignore[arg-type]

    def _signal(self, request: Request, answer: Answer) -> None:
        service, number = self._service(request), int(str(request["signal"]))
        service.send(number)
        if request.get("whole"):
            service.send_below(number)
        answer(None)

    def _change(self, request: Request, answer: Answer) -> None:
        """Answer that the client may change a service by itself: who may not is refused like any other change."""
        self._service(request)
        answer(None)

    def _list(self, _: Request, answer: Answer) -> None:
        answer([service.report() for service in self._house.services.values()])

    def _log(self, request: Request, answer: Answer) -> None:
        log = self._service(request).log
        log.grew()
        answer({"path": log.path, "size": log.size, "dropped": log.dropped, "marks": log.marks()})

    def _marks(self, request: Request, answer: Answer) -> None:
        """Tell when each part of the log at a path came, also where its service is no more known."""
        path, since = str(request["path"]), int(str(request["since"]))
        for service in self._house.services.values():
            if service.log.path == path:
                service.log.grew()
                answer(service.log.marks(since))
                return
        answer(self._house.closed_logs.marks(path))

    def _addresses(self, request: Request, answer: Answer) -> None:
        service = self._service(request)
        answer(addresses_of([service.pid, *processes.descendants(service.pid)]))

    def _ready(self, request: Request, answer: Answer) -> None:
        service = self._service(request)
        service.tells_growth = False
        self._house.emit("ready", service.name)
        answer(None)

    def _events(self, _: Request, answer: Answer) -> None:
        answer(None)

    def _remove(self, request: Request, answer: Answer) -> None:
        service = self._service(request)
        if service.state not in {"idle", "exited"}:
            raise Refused("running", f"{service.name} is still there ({service.state})", service=service.name)
        self._house.remove(service.name)
        answer(None)

    def _end(self, _: Request, answer: Answer) -> None:
        self.end(lambda: answer(None))

    def _service(self, request: Request) -> Service:
        name = str(request["service"])
        if name not in self._house.services:
            raise Refused("no-service", f"there is no service {name!r}", service=name)
        return self._house.services[name]

    # === the end ===

    def end(self, finished: Callable[[], None] = lambda: None) -> None:
        """End every process; then call back and stop serving."""
        self._finished.append(finished)
        if not self._house.is_ending:
            self._house.end(self._all_gone)

    def _all_gone(self) -> None:
        for finished in self._finished:
            finished()
        for connection in list(self._connections):
            connection.drain(LAST_WORDS)
        self._loop.running = False


if TYPE_CHECKING:
    from .service import Service

VERBS: dict[str, Callable[[Keeper, Request, Answer], None]] = {
    "hello": Keeper._hello,  # noqa: SLF001 - the table belongs to the class; it is written once all verbs exist
    "describe": Keeper._describe,  # noqa: SLF001
    "disown": Keeper._disown,  # noqa: SLF001
    "hold": Keeper._hold,  # noqa: SLF001
    "release": Keeper._release,  # noqa: SLF001
    "start": Keeper._start,  # noqa: SLF001
    "again": Keeper._again,  # noqa: SLF001
    "stop": Keeper._stop,  # noqa: SLF001
    "signal": Keeper._signal,  # noqa: SLF001
    "change": Keeper._change,  # noqa: SLF001
    "list": Keeper._list,  # noqa: SLF001
    "log": Keeper._log,  # noqa: SLF001
    "marks": Keeper._marks,  # noqa: SLF001
    "addresses": Keeper._addresses,  # noqa: SLF001
    "ready": Keeper._ready,  # noqa: SLF001
    "events": Keeper._events,  # noqa: SLF001
    "remove": Keeper._remove,  # noqa: SLF001
    "end": Keeper._end,  # noqa: SLF001
}


def serve(keeper: Keeper, house: House, listener: socket.socket) -> None:
    """Accept connections, reap children and obey signals until the end."""
    loop = house.loop
    listener.setblocking(False)
    loop.watch(listener.fileno(), lambda: _accept(listener, keeper))
    _handle_signals(loop, house, keeper)
    loop.run()


def _accept(listener: socket.socket, keeper: Keeper) -> None:
    try:
        end, _ = listener.accept()
    except OSError:
        return
    keeper.welcome(end)


def _handle_signals(loop: Loop, house: House, keeper: Keeper) -> None:
    descriptor = kernel.signals((signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP))

    def arrived() -> None:
        numbers = kernel.arrived_signals(descriptor)
        if signal.SIGCHLD in numbers:
            house.reap()
        if numbers - {signal.SIGCHLD}:
            keeper.end()

    loop.watch(descriptor, arrived)
