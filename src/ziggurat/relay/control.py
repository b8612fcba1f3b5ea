"""Who commands the relay: a connection asks for a fault, and has it until it drops it or ends.

A request is ``{"do": "add", "link": n, "fault": {…}}``, ``{"do": "drop"}`` or ``{"do": "traffic", "link": n}``; its
answer ``{"ok": …}`` or ``{"refused": why}``. What a fault is dropped with is what crossed the link meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ziggurat.keeper.wire import Lines, encode
from ziggurat.relay.shape import Fault

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

    from ziggurat.keeper.loop import Loop
    from ziggurat.relay.link import Link

CHUNK = 65536


class Commander:
    """One connection of somebody who commands; its faults end with it, however it ends."""

    def __init__(self, end: socket.socket, links: Sequence[Link], loop: Loop) -> None:
        """Obey from now on."""
        self._end = end
        self._links = links
        self._loop = loop
        self._lines = Lines()
        self._faults: list[tuple[Link, Fault, dict[str, int]]] = []
        loop.watch(end.fileno(), self._readable)

    def _readable(self) -> None:
        try:
            data = self._end.recv(CHUNK)
            for request in self._lines.feed(data):
                self._end.sendall(encode(self._answer(request)))
        except (OSError, ValueError):
            data = b""
        if not data:
            self._leave()

    def _answer(self, request: dict[str, Any]) -> dict[str, object]:
        try:
            return {"ok": {"add": self._add, "drop": self._drop, "traffic": self._traffic}[request["do"]](request)}
        except (OSError, ValueError, LookupError) as error:
            return {"refused": f"{type(error).__name__}: {error}"}

    def _add(self, request: dict[str, Any]) -> dict[str, int]:
        link, fault = self._links[request["link"]], Fault.from_message(request["fault"])
        before = link.traffic.as_message()
        self._faults.append((link, fault, before))
        link.add(fault)
        return _difference(link.traffic.as_message(), before)

    def _drop(self, _: dict[str, Any]) -> dict[str, int]:
        link, fault, before = self._faults.pop()
        # What crosses once the fault is lifted is none of its effect.
        crossed = _difference(link.traffic.as_message(), before)
        link.drop(fault)
        return crossed

    def _traffic(self, request: dict[str, Any]) -> dict[str, int]:
        link = self._links[request["link"]]
        return {**link.traffic.as_message(), "open": link.open_connections}

    def _leave(self) -> None:
        self._loop.forget(self._end.fileno())
        self._end.close()
        while self._faults:
            self._drop({})


def _difference(now: dict[str, int], before: dict[str, int]) -> dict[str, int]:
    return {name: now[name] - before[name] for name in now}
