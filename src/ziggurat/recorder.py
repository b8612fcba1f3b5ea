"""Remembers what happens in the stacks that are up, cut to the present test."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ziggurat import calls, events, naming, plan
from ziggurat.binary import binary_of
from ziggurat.errors import Ending
from ziggurat.events import TEST, Event, Kind
from ziggurat.log import ServiceLog
from ziggurat.observer import Observer
from ziggurat.report.model import ServiceFacts, Timeline, in_order

if TYPE_CHECKING:
    from ziggurat.lease import Lease
    from ziggurat.stack import RunningStack

    Message = dict[str, Any]

MOST_MESSAGES = 10_000
MOST_BYTES = 1 << 20
"""Of each log, what a test wrote last; the rest is in the file."""
FAULT = "faults"
"""The source of a fault of which no service is named."""


@dataclass(frozen=True, slots=True)
class Source:
    """A service whose events belong to the report."""

    key: str
    name: str
    log: Path


class Recorder:
    """What one process watches; ``begin`` cuts it where a test begins."""

    def __init__(self, clock: Callable[[], int] = time.monotonic_ns, book: calls.CallBook = calls.BOOK) -> None:
        """Watch nothing yet."""
        self.stacks: list[RunningStack] = []
        self.test = ""
        self.began = clock()
        self._clock = clock
        self._book = book
        self._observers: dict[Path, Observer] = {}
        self._folders: set[Path] = set()
        self._messages: deque[Message] = deque(maxlen=MOST_MESSAGES)
        self._own: list[Event] = []
        self._offsets: dict[Path, int] = {}

    # === what it is told ===

    def begin(self, test: str, at: int | None = None) -> None:
        """Cut here, or where the test began: of what was before nothing is told any more."""
        self.test = test
        self.began = self._clock() if at is None else at
        self._messages.clear()
        self._own.clear()
        self._book.clear()
        self._offsets = {source.log: ServiceLog(source.log).size() for source in self._of_stacks(self._reports())}

    def listen(self, lease: Lease, folder: Path | None = None) -> None:
        """Hear what a keeper tells; services whose logs lie in the folder belong here, also when they are gone."""
        if folder:
            self._folders.add(folder)
        if lease.folder not in self._observers:
            self._observers[lease.folder] = Observer(lease.folder, self._hear)
            lease.listeners.append(self._hear_fault)

    def close(self) -> None:
        """Watch nothing more."""
        for observer in self._observers.values():
            observer.close()

    def enter(self, stack: RunningStack) -> None:
        """Watch a stack that is up."""
        self.listen(stack.lease)
        self.stacks.append(stack)

    def leave(self, stack: RunningStack) -> None:
        """Watch a stack no more, apart from what it still does in the present test."""
        self.stacks.remove(stack)

    def tell(self, text: str, *, matters: bool = False) -> None:
        """Note something that the test did."""
        self._own.append(Event(at=self._clock(), source=TEST, kind=Kind.TEST, text=text, matters=matters))

    def _hear(self, message: Message) -> None:
        if message["event"] not in {"grew", "fault"}:
            self._messages.append(message)

    def _hear_fault(self, message: Message) -> None:
        """Faults are this side's doing: the keeper tells nobody of them."""
        if message["event"] == "fault":
            self._messages.append(message)

    # === what it tells ===

    def timeline(self) -> Timeline:
        """Return what happened since the test began."""
        reports = self._reports()
        heard = [message for message in list(self._messages) if message["at"] >= self.began]
        sources = {source.log: source for source in [*self._of_messages(heard), *self._of_stacks(reports)]}
        now = self._clock()
        logs = {source: self._lines(source) for source in sources.values()}
        return Timeline(
            test=self.test,
            began=self.began,
            events=in_order(
                [
                    *self._own,
                    *(calls.event(call, now) for call in self._book.calls()),
                    *_lives(heard, sources.values()),
                    *(line for lines, _ in logs.values() for line in lines),
                ]
            ),
            services=tuple(_facts(source, reports, heard, unread) for source, (_, unread) in logs.items()),
        )

    def keepers(self) -> dict[int, Path]:
        """Return the pid of each keeper and the folder of its run; asks nobody, for all may be stuck."""
        return {observer.keeper: folder for folder, observer in self._observers.items() if observer.keeper}

    def _reports(self) -> list[Message]:
        return [report for observer in self._observers.values() for report in observer.ask("list")]

    def _of_stacks(self, reports: list[Message]) -> Iterator[Source]:
        for stack in self.stacks:
            for service in stack.services.values():
                yield Source(service.key, naming.shown(service.key), service.log.path)
            for report in plan.started_by((service.key for service in stack.services.values()), reports):
                yield Source(report["name"], naming.shown(report["name"]), Path(report["log"]))

    def _of_messages(self, heard: list[Message]) -> Iterator[Source]:
        """Return those that were spawned by this process during the test, whose stack may be gone or never was."""
        for message in heard:
            log = Path(message.get("log", ""))
            if message["event"] == "spawned" and log.parent in self._folders:
                yield Source(message["service"], naming.shown(message["service"]), log)

    def _lines(self, source: Source) -> tuple[list[Event], int]:
        """Return the lines that a service wrote during the test, and how many bytes of it were not read."""
        log = ServiceLog(source.log)
        since = self._offsets.get(source.log, 0)
        begin = max(since, log.size() - MOST_BYTES)
        start, data = log.part(begin, MOST_BYTES)
        if begin > since and data:
            # The first line may be half a one.
            half, _, data = data.partition(b"\n")
            start += len(half) + 1
        lines = events.lines(source.name, data, start, self._marks(source.log, start), self.began)
        return list(lines), max(0, begin - since)

    def _marks(self, log: Path, since: int) -> list[list[int]]:
        asked = (observer.ask("marks", path=str(log), since=since) for observer in self._observers.values())
        return next((marks for marks in asked if marks), [])


def _lives(heard: Iterable[Message], sources: Iterable[Source]) -> Iterator[Event]:
    names = {source.key: source.name for source in sources}
    for message in heard:
        name = names.get(message.get("service", ""))
        if name is None and message["event"] != "fault":
            # A service of another process that shares the keeper.
            continue
        event = events.of_keeper(message, name or FAULT)
        if event:
            yield event


def _facts(source: Source, reports: Iterable[Message], heard: Iterable[Message], unread: int) -> ServiceFacts:
    report = next((report for report in reports if report["name"] == source.key), None)
    state = _said(report) if report else _last_known(source.key, heard)
    binary = binary_of(report) if report else None
    return ServiceFacts(
        name=source.name,
        state=state,
        is_running=state == "running",
        log=source.log,
        program=binary.path if binary else "",
        build_id=binary.build_id if binary else "",
        built_id=binary.built_id if binary else None,
        unread=unread,
    )


def _said(report: Message) -> str:
    if report["state"] == "exited" and report["exit_status"] is not None:
        return str(Ending(report["exit_status"]))
    return "paused" if report.get("paused") else str(report["state"])


def _last_known(key: str, heard: Iterable[Message]) -> str:
    ends = [message["status"] for message in heard if message["event"] == "exited" and message.get("service") == key]
    return f"gone: {Ending(ends[-1])}" if ends else "gone"
