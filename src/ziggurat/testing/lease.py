"""A lease on a keeper that is played: it answers as a keeper does, and starts nothing."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from itertools import count
from pathlib import Path
from typing import Any

from ziggurat.errors import KeeperLost, ZigguratError
from ziggurat.lease import Lease, Message
from ziggurat.testing.process import FIRST_PID, FakeProcess
from ziggurat.testing.script import Script

FIRST_PORT = 20_001
UNSCRIPTED = Script()


class FakeLease(Lease):
    """What a stack needs of a keeper, by scripts that are found by the services' names."""

    def __init__(self, folder: Path, scripts: Mapping[str, Script] | None = None) -> None:
        """Play a keeper whose run has this folder."""
        # Not the parent's: that says hello over a socket.
        self.about_keeper = {"folder": str(folder), "run": "fake", "pid": 0, "about": {}}
        self.awaiting = threading.RLock()
        self.listeners: list[Callable[[Message], None]] = []
        self.asked: list[tuple[str, Mapping[str, object]]] = []
        """Each request in turn: the verb, and its facts."""
        self._scripts = scripts or {}
        self._services: dict[str, FakeProcess] = {}
        self._pids, self._ports = count(FIRST_PID), count(FIRST_PORT)
        self._events = deque()
        self._news = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._is_closed = False

    def process(self, service: str) -> FakeProcess:
        """Return the latest service of a name; raise ``KeyError`` where there is none."""
        found = [process for key, process in self._services.items() if key.rpartition(".")[2] == service]
        if not found:
            raise KeyError(service)
        return found[-1]

    # === what a lease does ===

    def fileno(self) -> int:
        """Return the descriptor that can be read when something happened."""
        return self._news

    def descriptors(self) -> tuple[int, int]:
        """Return it twice: nothing comes by any other way."""
        return self._news, self._news

    def begin(self, requests: Iterable[tuple[str, Mapping[str, object]]]) -> Callable[[], list[Any]]:
        """Do each thing at once; its answer, or the error that it is refused with, is there to be asked for."""
        outcomes = [self._outcome(verb, facts) for verb, facts in requests]
        return lambda: outcomes

    def tell(self, verb: str, **facts: object) -> None:
        """Do something whose answer nobody needs."""
        self._outcome(verb, facts)

    def events(self) -> list[Message]:
        """Return what happened since the last call."""
        happened = list(self._events)
        if happened:
            self._events.clear()
            os.eventfd_read(self._news)
        return happened

    def drop_events(self) -> None:
        """Forget what happened and nobody took."""
        self.events()

    def close(self) -> None:
        """Be gone."""
        if not self._is_closed:
            self._is_closed = True
            os.close(self._news)

    def end(self) -> None:
        """Be gone, and all services with it."""
        self._services.clear()
        self.close()

    # === what a keeper does ===

    def _outcome(self, verb: str, facts: Mapping[str, object]) -> Any:  # noqa: ANN401 - see Lease.ask
        if self._is_closed:
            return KeeperLost()
        self.asked.append((verb, facts))
        try:
            return _VERBS.get(verb, FakeLease._heed)(self, dict(facts))
        except ZigguratError as error:
            return error

    def _emit(self, kind: str, service: str, **facts: object) -> None:
        message = {"event": kind, "service": service, "at": time.monotonic_ns(), **facts}
        if not self._events:
            os.eventfd_write(self._news, 1)
        self._events.append(message)
        for listener in list(self.listeners):
            listener(message)

    def _heed(self, _: Message) -> None:
        """Take note, and do nothing."""

    def _hold(self, facts: Message) -> int:
        return facts["port"] or next(self._ports)

    def _start(self, facts: Message) -> Message:
        # The first word is a program that is there, whatever the service's own is: see ``FakeStacks``.
        spec = {**facts["spec"], "argv": facts["spec"]["argv"][1:]}
        script = self._scripts.get(spec["name"].rpartition(".")[2], UNSCRIPTED)
        process = self._services[spec["name"]] = FakeProcess(spec, script, self._emit)
        process.spawn(next(self._pids))
        return {"pid": process.pid}

    def _again(self, facts: Message) -> Message:
        process = self._services[facts["service"]]
        process.restarts += 1
        process.spawn(next(self._pids))
        return {"pid": process.pid}

    def _stop(self, facts: Message) -> Message:
        process = self._services[facts["service"]]
        process.stop(facts.get("steps"))
        return process.report()

    def _signal(self, facts: Message) -> None:
        self._services[facts["service"]].signal(facts["signal"])

    def _list(self, _: Message) -> list[Message]:
        return [process.report() for process in self._services.values()]

    def _addresses(self, _: Message) -> list[tuple[str, int]]:
        return [("127.0.0.1", next(self._ports))]

    def _remove(self, facts: Message) -> None:
        self._services.pop(facts["service"], None)


_VERBS: dict[str, Callable[[FakeLease, Message], Any]] = {
    "hold": FakeLease._hold,  # noqa: SLF001 - the table belongs to the class; it is written once all verbs exist
    "start": FakeLease._start,  # noqa: SLF001
    "again": FakeLease._again,  # noqa: SLF001
    "stop": FakeLease._stop,  # noqa: SLF001
    "signal": FakeLease._signal,  # noqa: SLF001
    "list": FakeLease._list,  # noqa: SLF001
    "addresses": FakeLease._addresses,  # noqa: SLF001
    "remove": FakeLease._remove,  # noqa: SLF001
}
