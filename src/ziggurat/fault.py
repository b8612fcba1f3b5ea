"""A fault from its beginning to its end: ended whatever happens, judged by its effect, told to whoever listens."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ziggurat.lease import Lease

Begun = TypeVar("Begun")
Seen = TypeVar("Seen")


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What is told of a fault, to the listeners of a lease as an event of ours among those of the keeper.

    ``{"event": "fault", "service": key, "what": text, "on": bool, "at": monotonic_ns}``, of a link with
    ``"link": "source → target"`` and no service.
    """

    lease: Lease
    what: str
    service: str = ""
    """The service's name at the keeper."""
    link: str = ""

    def tell(self, *, on: bool) -> None:
        """Tell that it begins or ends at this moment."""
        message = {"event": "fault", "service": self.service, "what": self.what, "on": on, "at": time.monotonic_ns()}
        for listener in list(self.lease.listeners):
            listener({**message, "link": self.link} if self.link else message)


@contextmanager
def lasting(
    begin: Callable[[], Begun], end: Callable[[Begun], Seen], judge: Callable[[Seen], object] = lambda _: None
) -> Iterator[Begun]:
    """Have a fault as long as the body runs.

    ``begin`` leaves nothing behind where it fails. ``end`` is given what that returned, whatever the body does, and
    what it saw of the effect is judged where the body succeeded: a failure of the body is the more telling one.
    """
    begun = begin()
    try:
        yield begun
    finally:
        seen = end(begun)
    judge(seen)
