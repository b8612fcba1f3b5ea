"""The process that owns the run: it has the keeper of the run stacks, and a steward for each of them."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TYPE_CHECKING

from ziggurat import lease as leases
from ziggurat.errors import KeeperLost
from ziggurat.run.description import Description
from ziggurat.run.steward import Steward

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from ziggurat.lease import Lease
    from ziggurat.run.declared import Declared
    from ziggurat.run.journal import Journal

PATIENCE_SECONDS = 2.0
"""For a thread to see that its keeper is gone."""


class Run:
    """The keeper of one run, started when it is needed first; nothing here waits for it but who needs it."""

    def __init__(self, declared: Mapping[str, Declared], journal: Journal, trust: Callable[[], None]) -> None:
        """Own the stacks that are declared; ``trust`` is called in each thread that works for the run."""
        self._descriptions = {name: Description(stack) for name, stack in declared.items()}
        self._journal = journal
        self._trust = trust
        self._keeper: Future[Lease] = Future()
        self._wishes: SimpleQueue[Collection[str] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def begin(self, logs: Path) -> None:
        """Start the keeper, unless it was started before, without waiting for it."""
        if self._thread is None:
            self._thread = self._in_thread("run", lambda: self._serve(logs))

    def folder(self) -> Path:
        """Return where the keeper is to be found, once it is; raise why it could not be started."""
        return self._keeper.result().folder

    def want(self, stacks: Collection[str]) -> None:
        """Have stacks started, without waiting for more than their descriptions."""
        for name in stacks:
            self._descriptions[name].look()
        self._wishes.put(stacks)

    def end(self) -> None:
        """Stop all stacks, each in its own way, and return when nothing is left."""
        if self._thread:
            self._wishes.put(None)
            self._thread.join()
            self._thread = None

    def _serve(self, logs: Path) -> None:
        try:
            keeper = leases.own()
            crew = [self._employ(description, keeper, logs) for description in self._descriptions.values()]
        except Exception as error:  # noqa: BLE001 - it is raised where somebody waits for the keeper
            self._keeper.set_exception(error)
            return
        self._keeper.set_result(keeper)
        try:
            while (stacks := self._wishes.get()) is not None:
                keeper.tell("want", stacks=list(stacks))
            keeper.ask("dismiss")
        except KeeperLost:
            pass
        self._let_go(crew)
        keeper.end()
        for _, thread in crew:
            thread.join(PATIENCE_SECONDS)

    def _employ(self, description: Description, keeper: Lease, logs: Path) -> tuple[Steward, threading.Thread]:
        connection = leases.connect(keeper.folder)
        if connection is None:
            raise KeeperLost
        steward = Steward(description, connection, logs, self._journal)
        return steward, self._in_thread(description.name, steward.serve)

    def _let_go(self, crew: list[tuple[Steward, threading.Thread]]) -> None:
        """Wait until all stacks have stopped; what is still being started is not waited for but killed."""
        for steward, thread in crew:
            while thread.is_alive() and not steward.is_busy:
                thread.join(PATIENCE_SECONDS)

    def _in_thread(self, name: str, action: Callable[[], None]) -> threading.Thread:
        def trusted() -> None:
            self._trust()
            action()

        # A daemon, so that whatever a stack's description does in it never keeps an ended run from exiting.
        thread = threading.Thread(target=trusted, name=f"ziggurat-{name}", daemon=True)
        thread.start()
        return thread
