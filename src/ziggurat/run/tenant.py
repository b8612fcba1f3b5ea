"""A worker's use of the run stacks: claimed for each test, attached once.

It is there in every run of a project that has run stacks, so what connects and attaches is imported when it does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ziggurat.errors import KeeperLost, RunStackDamaged
from ziggurat.run.journal import damage_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from ziggurat.lease import Lease
    from ziggurat.stack import RunningStack

    Attached = Callable[[RunningStack], None]


class Tenant:
    """What one process has of the run stacks at this moment."""

    def __init__(self, folder: Callable[[], Path], attached: Attached) -> None:
        """Connect to the run's keeper when it is needed first; ``attached`` is told each stack once."""
        self._folder = folder
        self._attached = attached
        self._connection: Lease | None = None
        self._known: dict[str, RunningStack] = {}
        self._editions: dict[str, int] = {}
        self._held: dict[str, bool] = {}
        self._has_asked = False

    def want(self, names: Collection[str]) -> None:
        """Have stacks started, without waiting for them."""
        self._lease.tell("want", stacks=list(names))

    def claim(self, wants: Mapping[str, bool], label: str) -> None:
        """Wait until these stacks can be had, true for alone; they are held until ``leave``.

        Raises ``RunStackDown`` for one that cannot, ``KeeperError`` where waiting would never end.
        """
        missing = {name: alone for name, alone in wants.items() if name not in self._held}
        if not missing:
            return
        self._has_asked = True
        given = self._lease.ask("claim", stacks=missing, label=label, known=self._editions)
        self._held.update(missing)
        for name, told in given.items():
            if told["about"]:
                self._take_in(name, told["about"])
                self._editions[name] = told["edition"]

    def holds(self, name: str) -> bool:
        """Say whether the present test has a stack."""
        return name in self._held

    def known(self) -> frozenset[str]:
        """Return the stacks that were claimed at least once."""
        return frozenset(self._known)

    def running(self, name: str) -> RunningStack:
        """Return a stack that was claimed at least once."""
        return self._known[name]

    def leave(self) -> None:
        """Give back all that is held, also what is still waited for.

        Raises ``RunStackDamaged`` where a stack lost something meanwhile.
        """
        if self._connection is None or not self._has_asked:
            return
        self._has_asked = False
        moved = {name: self._moved(name) for name, alone in self._held.items() if alone}
        self._held.clear()
        told = self._connection.ask("unclaim", moved=moved)
        self._connection.drop_events()
        if told:
            raise RunStackDamaged([damage_of(damage["stack"], damage) for damage in told])

    def close(self) -> None:
        """Give the connection back, and with it all that is held."""
        if self._connection:
            self._connection.close()

    @property
    def _lease(self) -> Lease:
        from ziggurat import lease as leases

        if self._connection is None:
            self._connection = leases.connect(self._folder())
        if self._connection is None:
            raise KeeperLost
        return self._connection

    def _take_in(self, name: str, about: dict[str, Any]) -> None:
        from ziggurat import stack as stacks
        from ziggurat.run.steward import refresh, unpack

        if name in self._known:
            refresh(self._known[name], about["services"])
            return
        running = stacks.from_about(unpack(about["spec"]), self._lease, about["services"], owned=False)
        self._known[name] = running
        self._attached(running)

    def _moved(self, name: str) -> dict[str, Any]:
        """Return where the services of a stack are by now: one that reports its port may have been restarted."""
        from ziggurat import stack as stacks

        return stacks.about_services(self._known[name])
