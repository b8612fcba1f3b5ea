"""A link between services that can be slowed, throttled, cut, reset or refused, in each way by itself.

The relay that carries it is one more service of the stack. Who asks for a fault has it over a connection of their own,
so it ends with them, however they end.
"""

from __future__ import annotations

import errno
import os
import select
import socket
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ziggurat.errors import FaultNotEffective, SpecError, WorldError
from ziggurat.fault import Story, lasting
from ziggurat.relay.command import Command
from ziggurat.relay.shape import Fault, Kind, Way
from ziggurat.template import SCRATCH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ziggurat.service import RunningService
    from ziggurat.spec import Link

BOTH = tuple(Way)
SILENCE = 0.02
"""Seconds: a connection over loopback comes about within the call that asks for it, if it does at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningLink:
    """A link of a running stack. Each fault is a context manager; several add up.

    >>> with stack.link("api", "db.redis").slow(latency=0.2):  # doctest: +SKIP
    ...     order()
    """

    spec: Link
    number: int
    relay: RunningService

    @property
    def address(self) -> str:
        """Where it is entered, as ``host:port``: what an ``OUTSIDE`` source connects to."""
        return self.relay.address(str(self.number))

    def slow(
        self, latency: float, *, jitter: float = 0.0, ways: Iterable[Way] = BOTH, seed: int = 0, may_idle: bool = False
    ) -> AbstractContextManager[None]:
        """Have all that crosses arrive later by some seconds, give or take the jitter, in each of the ways.

        Its order stays. Raises ``FaultNotEffective`` in the end where nothing crossed, unless it ``may_idle``.
        """
        fault = Fault(kind=Kind.SLOW, ways=frozenset(ways), latency=latency, jitter=jitter, seed=seed)
        swing = f" ± {jitter * 1000:g}" if jitter else ""
        judge = self._nothing if may_idle else self._refuse_idle
        return self._with(fault, f"slow by {latency * 1000:g}{swing} ms", judge)

    def throttle(
        self, bytes_per_second: int, *, ways: Iterable[Way] = BOTH, may_idle: bool = False
    ) -> AbstractContextManager[None]:
        """Have no more bytes arrive than so many a second, on each connection and in each of the ways.

        Raises ``FaultNotEffective`` in the end where nothing crossed, unless it ``may_idle``.
        """
        if bytes_per_second < 1:
            message = f"link {self.spec}: a rate of {bytes_per_second} bytes a second is none; cut() stops all bytes"
            raise SpecError(message)
        fault = Fault(kind=Kind.THROTTLE, ways=frozenset(ways), rate=bytes_per_second)
        judge = self._nothing if may_idle else self._refuse_idle
        return self._with(fault, f"throttled to {bytes_per_second} bytes/s", judge)

    def cut(self) -> AbstractContextManager[None]:
        """Lose every packet: connections stay open and silent, new ones hang, neither end is told.

        Afterwards what was held back arrives, as it does when TCP sends it again. Raises ``FaultNotEffective`` where a
        connection comes about, or a byte arrived meanwhile.
        """
        return self._with(Fault(kind=Kind.CUT), "cut", self._refuse_passed, self._expect_no_answer)

    def half_open(self, lost: Way = Way.THERE) -> AbstractContextManager[None]:
        """Lose every packet of one way, as ``cut`` does of both; what comes the other way arrives."""
        fault = Fault(kind=Kind.CUT, ways=frozenset({lost}))
        return self._with(fault, f"half-open ({lost} is lost)", self._refuse_passed, self._expect_no_answer)

    def reset(self) -> AbstractContextManager[None]:
        """Reset (RST) the connections that are there, and each new one.

        Raises ``FaultNotEffective`` in the end where there was none.
        """
        return self._with(Fault(kind=Kind.RESET), "reset", self._refuse_unreset)

    def refuse(self) -> AbstractContextManager[None]:
        """Refuse new connections, as if nobody listened; those that are there go on.

        Raises ``FaultNotEffective`` where one is not refused.
        """
        return self._with(Fault(kind=Kind.REFUSE), "refused", self._nothing, self._expect_refusal)

    def traffic(self) -> dict[str, int]:
        """Return what has crossed so far.

        Connections ``accepted``, ``open`` now and ``reset`` on purpose; bytes that have ``passed_there`` and
        ``passed_back``; pieces that were ``delayed_there`` and ``delayed_back``.
        """
        with closing(self._command()) as command:
            counters: dict[str, int] = command.ask({"do": "traffic", "link": self.number - 1})
        return counters

    # === within ===

    def _command(self) -> Command:
        return Command(self.relay.lease.folder / SCRATCH / self.relay.key)

    def _with(
        self,
        fault: Fault,
        what: str,
        judge: Callable[[Fault, str, dict[str, int]], None],
        expect: Callable[[str], None] = lambda _: None,
    ) -> AbstractContextManager[None]:
        command = self._command()
        story = Story(lease=self.relay.lease, what=f"{self.spec} {what}", link=str(self.spec))

        def begin() -> None:
            try:
                self.relay.refuse_unless_alone()
                command.ask({"do": "add", "link": self.number - 1, "fault": fault.as_message()})
                expect(what)
            except BaseException:
                command.close()
                raise
            story.tell(on=True)

        def end(_: None) -> dict[str, int] | None:
            try:
                with closing(command):
                    crossed: dict[str, int] = command.ask({"do": "drop"})
            except WorldError:
                if not self.relay.is_forgotten():
                    raise
                # The body has stopped the stack, and its links with it.
                return None
            finally:
                story.tell(on=False)
            return crossed

        return lasting(begin, end, lambda crossed: None if crossed is None else judge(fault, what, crossed))

    def _nothing(self, fault: Fault, what: str, crossed: dict[str, int]) -> None:
        """Judge nothing."""

    def _refuse_idle(self, fault: Fault, what: str, crossed: dict[str, int]) -> None:
        if not any(crossed[f"delayed_{way}"] for way in fault.ways):
            raise FaultNotEffective(str(self.spec), what, "nothing crossed it meanwhile")

    def _refuse_passed(self, fault: Fault, what: str, crossed: dict[str, int]) -> None:
        passed = sum(crossed[f"passed_{way}"] for way in fault.ways)
        if passed:
            raise FaultNotEffective(str(self.spec), what, f"{passed} bytes arrived meanwhile")

    def _refuse_unreset(self, _: Fault, what: str, crossed: dict[str, int]) -> None:
        if not crossed["reset"]:
            raise FaultNotEffective(str(self.spec), what, "it had no connection meanwhile")

    def _expect_no_answer(self, what: str) -> None:
        if (seen := self._try_to_connect()) != errno.EINPROGRESS:
            raise FaultNotEffective(str(self.spec), what, f"a new connection was answered: {_said(seen)}")

    def _expect_refusal(self, what: str) -> None:
        if (seen := self._try_to_connect()) != errno.ECONNREFUSED:
            raise FaultNotEffective(str(self.spec), what, f"a new connection was not: {_said(seen)}")

    def _try_to_connect(self) -> int:
        """Return what becomes of a connection at once: 0, an error, or EINPROGRESS where nobody answers."""
        endpoint = self.relay.endpoints[str(self.number)]
        family = socket.AF_INET6 if ":" in endpoint.host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as link:
            code = link.connect_ex((endpoint.host, endpoint.port))
            if code == errno.EINPROGRESS and select.select([], [link], [], SILENCE)[1]:
                code = link.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            return code


def _said(code: int) -> str:
    return os.strerror(code).lower() if code else "it was accepted"
