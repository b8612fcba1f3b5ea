"""What happened, in order and with times: the source of every report."""

from __future__ import annotations

import enum
import re
import signal
from bisect import bisect_right
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from ziggurat.errors import Ending

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

TEST = "test"
"""The source of what the test itself did."""

TROUBLE = re.compile(
    r"\b(?:ERROR|FATAL|CRITICAL|PANIC|SEVERE)\b"
    r'|"level":\s*"(?:error|fatal|critical|panic)"'
    r"|panicked at|^Traceback \(most recent call last\)|^(?:fatal|error):",
)
"""What a line looks like that tells of an error, in the usual forms of logs."""


class Kind(enum.StrEnum):
    """What kind of thing happened."""

    LINE = "line"
    LIFE = "life"
    FAULT = "fault"
    CALL = "call"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened."""

    at: int
    """Monotonic nanoseconds."""
    source: str
    """Whose it is: a service as ``stack.service``, or the test."""
    kind: Kind
    text: str
    matters: bool = False
    """Whether whoever reads of a failure wants it first."""
    facts: Mapping[str, object] = field(default_factory=dict)


def of_keeper(message: Mapping[str, Any], source: str) -> Event | None:
    """Return what a keeper told as an event; None for what tells a reader nothing."""
    kind = str(message["event"])
    if kind == "fault":
        return _fault(message, source)
    if kind not in _LIVES:
        return None
    matters = (kind == "exited" and not message["asked"]) or kind == "failed"
    facts = {name: value for name, value in message.items() if name not in {"at", "service", "missed"}}
    return Event(
        at=message["at"], source=source, kind=Kind.LIFE, text=_LIVES[kind](message), matters=matters, facts=facts
    )


def lines(source: str, data: bytes, start: int, marks: Sequence[Sequence[int]], began: int) -> Iterator[Event]:
    """Return the lines of a part of a log that begins at an offset, each with the time at which it was first seen.

    What no mark tells of was there when the test began.
    """
    offset = start
    for line in data.removesuffix(b"\n").split(b"\n") if data else ():
        text = line.decode(errors="replace").removesuffix("\r")
        at = max(began, _seen(offset, marks, began))
        yield Event(at=at, source=source, kind=Kind.LINE, text=text, matters=bool(TROUBLE.search(text)))
        offset += len(line) + 1


def _seen(offset: int, marks: Sequence[Sequence[int]], began: int) -> int:
    index = bisect_right(marks, offset, key=itemgetter(0)) - 1
    return marks[index][1] if index >= 0 else began


def _fault(message: Mapping[str, Any], source: str) -> Event:
    state = "on" if message["on"] else "off"
    facts = {"what": message["what"], "on": message["on"]}
    text = f"fault {state}: {message['what']}"
    return Event(at=message["at"], source=source, kind=Kind.FAULT, text=text, matters=True, facts=facts)


def _spawned(message: Mapping[str, Any]) -> str:
    again = message.get("restarts")
    return f"spawned again (pid {message['pid']}, restart {again})" if again else f"spawned (pid {message['pid']})"


def _notified(message: Mapping[str, Any]) -> str:
    told: dict[str, str] = message["told"]
    return "said " + " ".join(f"{name}={value}" for name, value in told.items())


def _signalled(message: Mapping[str, Any]) -> str:
    return f"was sent {_name_of(message['signal'])}"


def _exited(message: Mapping[str, Any]) -> str:
    reason = "as it was asked to" if message["asked"] else "nobody asked it to"
    return f"{Ending(message['status'])}, {reason} (pid {message['pid']})"


def _name_of(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        # Most real-time signals have a number only.
        return f"signal {number}"


_LIVES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "spawned": _spawned,
    "notified": _notified,
    "ready": lambda _: "ready",
    "signalled": _signalled,
    "exited": _exited,
    "failed": lambda message: f"could not be started again: {message['message']}",
    "ignored": lambda message: f"words on its notify socket from pid {message['sender']} were not believed",
}
