"""Tells peers what they are to know until they acknowledge it.

One thread decides; calls are made without waiting for them, and their ends come back to it. What has to be told is
asked for each namespace anew (`plan`), so a repeat, a late answer or a lost one changes nothing but the time it takes.
At most one call is under way for each thing at each peer, `MOST_CALLS` for a peer, and one for a peer that is away.
What somebody waits for goes before the thousands of things that a move may bring.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto
from itertools import islice
from queue import Empty
from threading import Thread
from typing import Protocol

from prism_stack.admin.model import Namespace, PeerKey, PlacementKey
from prism_stack.admin.reconcile import Action
from prism_stack.admin.traffic import Inbox, Rank, Traffic
from prism_stack.control.pauses import PEER_AWAY, SAID_NO, Pauses

MOST_CALLS = 32
"""Enough to keep a peer busy, and few enough for it to answer each within its deadline."""
LOG = logging.getLogger("prism-admin")


class Answer(Enum):
    """How a telling ended."""

    DONE = auto()
    REFUSED = auto()
    """The peer is there, and said no."""
    SILENT = auto()
    """It did not answer in time; it may have done it."""
    AWAY = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One telling: what, whom, and where that is."""

    action: Action
    address: str
    namespace: Namespace | None
    """As it was when the errand was planned; None where only a peer still holds it."""

    @property
    def key(self) -> PlacementKey:
        """What it is about."""
        return self.action.placement.key

    @property
    def peer(self) -> PeerKey:
        """Whom it is for."""
        return self.key.peer


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of an errand."""

    answer: Answer
    status: str = "OK"
    detail: str = ""
    keys_removed: int = 0


Done = Callable[[Outcome], None]


@dataclass(frozen=True, slots=True)
class _Ended:
    errand: Errand
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class _Nudged:
    names: tuple[str, ...] = ()
    awaited: bool = False


class Office(Protocol):
    """Who knows what is to be told, and is told what came of it."""

    def plan(self, namespace: str) -> list[Errand]:
        """Return what is to be told now about a namespace."""

    def settle(self, errand: Errand, outcome: Outcome) -> None:
        """Take note of an answer, which may be late."""


class Carrier(Protocol):
    """Who makes the calls."""

    def carry(self, errand: Errand, done: Done) -> None:
        """Begin a call; `done` is called once, from any thread."""


class Messenger:
    """The thread that decides."""

    def __init__(self, office: Office, carrier: Carrier, clock: Callable[[], float]) -> None:
        self._office = office
        self._carrier = carrier
        self._clock = clock
        self._inbox: Inbox[_Nudged | _Ended | None] = Inbox()
        self._traffic = Traffic()
        self._away = Pauses(PEER_AWAY)
        self._said_no = Pauses(SAID_NO)
        self._thread = Thread(target=self._run, name="messenger", daemon=True)

    def start(self) -> None:
        """Begin to tell."""
        self._thread.start()

    def close(self) -> None:
        """Stop telling; calls under way end by themselves."""
        self._inbox.put(None, Rank.END)
        if self._thread.is_alive():
            self._thread.join()

    def nudge(self, namespaces: Iterable[str]) -> None:
        """Look at namespaces, a few at a time: something about them may have to be told."""
        rest = iter(namespaces)
        while names := tuple(islice(rest, MOST_CALLS)):
            self._inbox.put(_Nudged(names), Rank.OTHER)

    def hurry(self, namespaces: Iterable[str]) -> None:
        """Look at namespaces that somebody waits for, before all others."""
        self._inbox.put(_Nudged(tuple(namespaces), awaited=True), Rank.AWAITED)

    def _run(self) -> None:
        while self.step(wait=True):
            pass

    def step(self, *, wait: bool) -> bool:
        """Handle what has happened and what is due; false at the end. A test calls it without waiting."""
        try:
            event = self._inbox.take(self._patience() if wait else 0.0)
        except Empty:
            event = _Nudged()
        if event is None:
            return False
        try:
            self._handle(event)
            self._look_at_due()
        except Exception:
            # Nobody else would tell peers anything any more; what failed is asked for again by the next nudge.
            LOG.exception("a telling failed")
        return True

    def _handle(self, event: _Nudged | _Ended) -> None:
        if isinstance(event, _Ended):
            self._finish(event.errand, event.outcome)
            return
        for name in event.names:
            self._deliver(name, awaited=event.awaited)

    def _look_at_due(self) -> None:
        now = self._clock()
        for name in self._traffic.take_due(now):
            self._deliver(name)
        for peer in [peer for peer, names in self._traffic.waiting.items() if names]:
            self._pump(peer, now)

    def _deliver(self, name: str, *, awaited: bool = False) -> None:
        for errand in self._office.plan(name):
            if errand.key in self._traffic.under_way:
                continue  # its end brings the namespace back here
            now = self._clock()
            if not self._has_room(errand.peer, now):
                self._traffic.queue(errand.peer, name, first=awaited)
            elif (later := self._said_no.until(errand.key)) > now:
                self._traffic.put_off(name, later)
            else:
                self._send(errand)

    def _send(self, errand: Errand) -> None:
        self._traffic.under_way.add(errand.key)
        self._traffic.calls[errand.peer] += 1
        try:
            self._carrier.carry(errand, lambda outcome: self._inbox.put(_Ended(errand, outcome), Rank.AWAITED))
        except Exception as error:
            LOG.exception("%s could not be told anything", errand.peer)
            outcome = Outcome(answer=Answer.REFUSED, status="INTERNAL", detail=str(error))
            self._inbox.put(_Ended(errand, outcome), Rank.AWAITED)

    def _finish(self, errand: Errand, outcome: Outcome) -> None:
        self._traffic.under_way.discard(errand.key)
        self._traffic.calls[errand.peer] -= 1
        self._note(errand, outcome)
        self._office.settle(errand, outcome)
        self._deliver(errand.action.placement.namespace)

    def _note(self, errand: Errand, outcome: Outcome) -> None:
        now = self._clock()
        if outcome.answer is Answer.AWAY:
            self._away.fail(errand.peer, now)
            return
        self._away.succeed(errand.peer)
        if outcome.answer is Answer.DONE:
            self._said_no.succeed(errand.key)
        else:
            self._said_no.fail(errand.key, now)

    def _has_room(self, peer: PeerKey, now: float) -> bool:
        most = 1 if self._away.failures(peer) else MOST_CALLS
        return self._away.until(peer) <= now and self._traffic.calls[peer] < most

    def _pump(self, peer: PeerKey, now: float) -> None:
        """Send what waited for a peer, as far as there is room."""
        waiting = self._traffic.waiting[peer]
        for name in list(islice(waiting, MOST_CALLS)):
            if not self._has_room(peer, now):
                return
            del waiting[name]
            self._deliver(name)

    def _patience(self) -> float | None:
        """Return how long nothing is due, or None where only an event can change that."""
        moments = [self._away.until(peer) for peer, names in self._traffic.waiting.items() if names]
        # A peer whose calls are all under way is waited for by their ends, not by the clock.
        moments = [moment for moment in moments if moment > self._clock()]
        if self._traffic.due:
            moments.append(self._traffic.due[0][0])
        return max(0.0, min(moments) - self._clock()) if moments else None
