"""A link that nothing crosses: it knows its faults, and takes each for effective."""

from __future__ import annotations

import errno
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ziggurat.link import RunningLink
from ziggurat.relay.command import Command
from ziggurat.relay.shape import Entry, Fault, entry_of
from ziggurat.relay.traffic import Traffic

ANSWERS = {Entry.OPEN: 0, Entry.RESET: 0, Entry.LOST: errno.EINPROGRESS, Entry.REFUSED: errno.ECONNREFUSED}
EFFECT = Traffic(reset=1, delayed_there=1, delayed_back=1)
"""What a fault that took effect leaves in the counters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeLink(RunningLink):
    """A link of a fake stack."""

    faults: list[Fault] = field(default_factory=list)
    """Those that it has at this moment."""

    def _command(self) -> Command:
        return _FakeCommand(self.faults)

    def _try_to_connect(self) -> int:
        return ANSWERS[entry_of(self.faults)]


class _FakeCommand(Command):
    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(Path())
        self._faults = faults
        self._own: list[Fault] = []

    def ask(self, request: dict[str, object]) -> Any:  # noqa: ANN401 - see Command.ask
        match request:
            case {"do": "add", "fault": dict(message)}:
                self._own.append(Fault.from_message(message))
                self._faults.append(self._own[-1])
            case {"do": "drop"}:
                self.close()
            case _:
                return Counter(open=0) | Counter(Traffic().as_message())
        return EFFECT.as_message()

    def close(self) -> None:
        for fault in self._own:
            self._faults.remove(fault)
        self._own.clear()
