"""A timeline as a person reads it in a terminal: what mattered first, then the rest, long parts folded."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from ziggurat.binary import short
from ziggurat.events import Event, Kind
from ziggurat.report.model import Fold, ServiceFacts, Timeline, folded, mattering

if TYPE_CHECKING:
    from pathlib import Path

WIDTH = 100
WIDEST_SOURCE = 28
WRAPPED = 3
"""Rows that what matters may take; its rest stands in the file."""


def timeline_text(timeline: Timeline, whole: Path | str) -> str:
    """Return the report of a failing test; ``whole`` is where all of it stands, or why it does not."""
    sources = {event.source for event in timeline.events} | {service.name for service in timeline.services}
    page = _Page(timeline, min(WIDEST_SOURCE, max(map(len, sources), default=0)))
    rows = [
        *page.mattering(),
        *page.rebuilt(),
        *page.services(),
        "timeline, in seconds since the test began",
        f"    whole: {whole}",
        *(row for entry in folded(timeline.events) for row in page.entry(entry, wrapped=1)),
    ]
    return "\n".join(rows)


def brief(timeline: Timeline) -> list[str]:
    """Return what mattered, an entry for each."""
    return [
        f"+{timeline.seconds(entry):.3f} {entry.source}: {entry.text}"
        for entry in mattering(timeline.events)
        if isinstance(entry, Event)
    ]


class _Page:
    """Lays a timeline out, its sources in a column."""

    def __init__(self, timeline: Timeline, column: int) -> None:
        self._timeline = timeline
        self._column = column

    def mattering(self) -> list[str]:
        rows = [row for entry in mattering(self._timeline.events) for row in self.entry(entry, wrapped=WRAPPED)]
        return ["what mattered", *rows] if rows else []

    def rebuilt(self) -> list[str]:
        rows = [
            f"  {service.name} runs build {short(service.build_id)}, but {short(service.built_id or '')} is built now"
            for service in self._timeline.services
            if service.is_rebuilt
        ]
        return ["not what is built now: restart the stack", *rows] if rows else []

    def services(self) -> list[str]:
        ordered = sorted(self._timeline.services, key=lambda service: (service.is_running, service.name))
        return ["services", *(row for service in ordered for row in self._service(service))] if ordered else []

    def entry(self, entry: Event | Fold, *, wrapped: int) -> list[str]:
        if isinstance(entry, Fold):
            return [f"  {'…':>8}  {_counted(entry)}"]
        bar = "| " if entry.kind is Kind.LINE else ""
        moment = f"{self._timeline.seconds(entry):+.3f}"
        head = f"  {moment:>8}  {_cut(entry.source, self._column):<{self._column}}  {bar}"
        return _laid_out(head, entry.text, wrapped)

    def _service(self, service: ServiceFacts) -> list[str]:
        build = f" · build {short(service.build_id)}" if service.build_id else ""
        program = f" · {service.program}" if service.program else ""
        unread = f" (only there: {service.unread} bytes of this test)" if service.unread else ""
        # Paths are not cut: they are there to be opened.
        return [f"  {service.name}: {service.state}{build}{program}", f"    log: {service.log}{unread}"]


def _laid_out(head: str, text: str, most: int) -> list[str]:
    """Return text in at most so many rows beside its head; the last row says by … that there is more."""
    room = max(1, WIDTH - len(head))
    plain = text.expandtabs(4).replace("\n", " ↵ ")
    if most == 1 or len(plain) <= room:
        return [f"{head}{_cut(plain, room)}".rstrip()]
    rows = textwrap.wrap(plain, room, max_lines=most, placeholder="…")
    return [f"{head if index == 0 else ' ' * len(head)}{row}" for index, row in enumerate(rows)]


def _counted(fold: Fold) -> str:
    parts = ", ".join(f"{source} {count}" for source, count in fold.counts)
    return _cut(f"{fold.total} more: {parts}", WIDTH - 12)


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1] + "…"
