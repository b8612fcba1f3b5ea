"""The test's own calls to servers, as whatever intercepts them tells: nothing here knows gRPC."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ziggurat.events import TEST, Event, Kind

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_CALLS = 2_000
"""Calls of one test that are remembered; of more than that, the latest."""
OK = "OK"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call."""

    method: str
    began: int
    """Monotonic nanoseconds."""
    deadline: float | None
    """Seconds that the caller gave it."""
    ended: int | None = None
    status: str = ""
    """The name of the gRPC status; empty while it is under way."""
    details: str = ""

    @property
    def latency(self) -> float | None:
        """Seconds from begin to end; None while it is under way."""
        return None if self.ended is None else (self.ended - self.began) / 1e9


class CallBook:
    """The calls of the present test, those under way among them; written from any thread."""

    def __init__(self, clock: Callable[[], int] = time.monotonic_ns) -> None:
        """Begin with no calls."""
        self._clock = clock
        self._lock = threading.Lock()
        self._numbers = 0
        self._under_way: dict[int, Call] = {}
        self._ended: deque[Call] = deque(maxlen=MOST_CALLS)

    def clear(self) -> None:
        """Forget the calls that have ended: another test begins."""
        with self._lock:
            self._ended.clear()

    def begin(self, method: str, deadline: float | None) -> int:
        """Note that a call begins; return its number."""
        with self._lock:
            self._numbers += 1
            self._under_way[self._numbers] = Call(method=method, began=self._clock(), deadline=deadline)
            return self._numbers

    def end(self, number: int, status: str, details: str = "") -> None:
        """Note how a call ended; the first end counts."""
        with self._lock:
            call = self._under_way.pop(number, None)
            if call:
                self._ended.append(replace(call, ended=self._clock(), status=status, details=details))

    def calls(self) -> list[Call]:
        """Return the calls in the order in which they began."""
        with self._lock:
            found = [*self._ended, *self._under_way.values()]
        return sorted(found, key=lambda call: call.began)


BOOK = CallBook()
"""The calls of this process: a channel lives longer than the test that opened it, and its calls belong to any."""


def event(call: Call, now: int) -> Event:
    """Return a call as an event, at its end, or now where it is under way."""
    facts = {
        "method": call.method,
        "status": call.status or "UNDER_WAY",
        "began": call.began,
        "latency_seconds": call.latency,
        "deadline_seconds": call.deadline,
        "details": call.details,
    }
    at = now if call.ended is None else call.ended
    return Event(at=at, source=TEST, kind=Kind.CALL, text=_said(call, at), matters=call.status != OK, facts=facts)


def _said(call: Call, at: int) -> str:
    took = f"{(at - call.began) / 1e6:.1f} ms"
    given = "no deadline" if call.deadline is None else f"deadline {call.deadline:g} s"
    if call.ended is None:
        return f"{call.method} is under way for {took}, {given}"
    return f"{call.method} {call.status} after {took}, {given}" + (f": {call.details}" if call.details else "")
