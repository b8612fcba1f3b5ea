"""One thread that waits for descriptors and for moments, and calls what was asked for."""

from __future__ import annotations

import heapq
import select
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Action = Callable[[], None]


class Timer:
    """A moment at which something is to be done, unless it is cancelled."""

    __slots__ = ("action", "when")

    def __init__(self, when: float, action: Action) -> None:
        """Hold what is to be done and when, on the monotonic clock."""
        self.when = when
        self.action: Action | None = action

    def cancel(self) -> None:
        """Do nothing when the moment comes."""
        self.action = None

    def __lt__(self, other: Timer) -> bool:
        """Order by moment."""
        return self.when < other.when


class Loop:
    """An epoll and a heap of timers."""

    def __init__(self) -> None:
        """Wait for nothing yet."""
        self._epoll = select.epoll()
        self._handlers: dict[int, Action] = {}
        self._events: dict[int, int] = {}
        self._timers: list[Timer] = []
        self.running = True

    def watch(self, descriptor: int, handler: Action, *, writable: bool = False) -> None:
        """Call the handler whenever the descriptor can be read (or written, where asked)."""
        self.watch_for(descriptor, handler, select.EPOLLIN | (select.EPOLLOUT if writable else 0))

    def watch_for(self, descriptor: int, handler: Action, events: int) -> None:
        """Call the handler on these events of epoll; on none of them, not even for errors, where there are none."""
        if not events:
            self.forget(descriptor)
            return
        if descriptor not in self._handlers:
            self._epoll.register(descriptor, events)
        elif self._events[descriptor] != events:
            self._epoll.modify(descriptor, events)
        self._handlers[descriptor] = handler
        self._events[descriptor] = events

    def once(self, descriptor: int, handler: Action) -> None:
        """Call the handler the first time that the descriptor can be read, and wait for it no more."""

        def happened() -> None:
            self.forget(descriptor)
            handler()

        self.watch(descriptor, happened)

    def forget(self, descriptor: int) -> None:
        """Stop waiting for a descriptor."""
        if self._handlers.pop(descriptor, None):
            self._epoll.unregister(descriptor)

    def after(self, seconds: float, action: Action) -> Timer:
        """Call the action once that much time has passed."""
        timer = Timer(time.monotonic() + seconds, action)
        heapq.heappush(self._timers, timer)
        return timer

    def run(self) -> None:
        """Wait and call until ``running`` is false."""
        while self.running:
            self.step()

    def step(self) -> None:
        """Wait for one batch of happenings and handle it."""
        for descriptor, _ in self._epoll.poll(self._patience()):
            handler = self._handlers.get(descriptor)
            if handler:
                handler()
        self._fire()

    def _patience(self) -> float:
        while self._timers and self._timers[0].action is None:
            heapq.heappop(self._timers)
        return max(0.0, self._timers[0].when - time.monotonic()) if self._timers else -1

    def _fire(self) -> None:
        now = time.monotonic()
        while self._timers and self._timers[0].when <= now:
            action = heapq.heappop(self._timers).action
            if action:
                action()
