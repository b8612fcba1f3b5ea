"""What a launched process says of itself: that it is there, how it is, and that it stops."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import astuple, dataclass, replace

from prism_stack.launcher.errors import Denied, OutOfOrder, Unknown
from prism_stack.launcher.life import Stage, beat, greet
from prism_stack.launcher.process import Process
from prism_stack.launcher.roster import Roster

LOG = logging.getLogger("prism-launcher")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who says that it is a process of ours."""

    process_id: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The calls that a drain let finish, and those that it ended."""

    drained: int
    aborted: int


class Callbacks:
    """Takes what processes say, from those alone that were launched."""

    def __init__(self, roster: Roster, clock: Callable[[], float] = time.monotonic) -> None:
        self._roster = roster
        self._clock = clock
        self.when_changed: Callable[[], None] = lambda: None

    def handshake(self, caller: Caller, pid: int, data_endpoint: str, control_endpoint: str) -> Process:
        """Take note of where a process serves, and return what it is to be.

        Raises `Unknown`, `Denied` for another token or pid, and `OutOfOrder` for a second handshake.
        """
        with self._roster:
            process = self._known(caller)
            if pid != process.life.pid:
                raise Denied(f"{caller.process_id} is not process {pid}")
            if process.life.is_greeted or process.life.stage is not Stage.STARTING:
                raise OutOfOrder(f"{caller.process_id} has had its handshake")
            greeted = replace(process, life=greet(process.life, data_endpoint, control_endpoint))
            self._roster.put(greeted)
            self._roster.try_save()
            return greeted

    def heartbeat(self, caller: Caller, *, healthy: bool, reason: str) -> Process | None:
        """Take note that a process is there; None for one that is not known.

        Raises `Denied` for another token, and `OutOfOrder` before the handshake.
        """
        with self._roster:
            if self._roster.find(caller.process_id) is None:
                return None
            process = self._known(caller)
            if not process.life.is_greeted:
                raise OutOfOrder(f"{caller.process_id} has had no handshake")
            life = beat(process.life, healthy=healthy, now=self._clock())
            if not healthy:
                life = replace(life, last_error=reason)
            heard = replace(process, life=life)
            self._roster.put(heard)
            has_changed = (life.stage, life.is_healthy) != (process.life.stage, process.life.is_healthy)
            if has_changed:
                self._roster.try_save()
        if has_changed:
            LOG.info("%s: %s%s", heard.id, "healthy" if healthy else "not healthy", f": {reason}" if reason else "")
            self.when_changed()
        return heard

    def stopping(self, caller: Caller, reason: str, counts: Counts) -> None:
        """Take note that a process has drained.

        Raises `Unknown`, `Denied` for another token, and `OutOfOrder` before the handshake.
        """
        with self._roster:
            if not self._known(caller).life.is_greeted:
                raise OutOfOrder(f"{caller.process_id} has had no handshake")
        LOG.info("%s stops: %s; %d calls finished, %d aborted", caller.process_id, reason, *astuple(counts))

    def _known(self, caller: Caller) -> Process:
        process = self._roster.find(caller.process_id)
        if process is None:
            raise Unknown("process", caller.process_id)
        if not process.life.token or not secrets.compare_digest(process.life.token.encode(), caller.token.encode()):
            raise Denied(f"that is not the token of {caller.process_id}")
        return process
