"""Hooks of a process that runs tests: each test has the run stacks that it uses from before it to after it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from ziggurat.errors import KeeperLost, RunStackDamaged, TierViolation, ZigguratError
from ziggurat.run.demand import Demand, named_in
from ziggurat.tiers import PROCESSES, Tier, allowed_in

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Iterable
    from pathlib import Path

    from ziggurat.run.tenant import Tenant
    from ziggurat.stack import RunningStack

REFUSED: pytest.StashKey[str] = pytest.StashKey()
NARROWING = ("keyword", "markexpr", "deselect", "lf", "stepwise")
"""Options that leave out tests after they were collected."""


class Using:
    """Claims and gives back, and has stacks started early."""

    def __init__(self, declared: Collection[str], tenant: Tenant, want: Callable[[Collection[str]], None]) -> None:
        """Claim the declared stacks over a tenant; ``want`` has them started early."""
        self._declared = declared
        self._tenant = tenant
        self._want = want
        self._loose: set[str] = set()
        self._wanted: set[str] = set()
        self._demand = Demand(fixtures=frozenset())
        self._label = ""
        self._module: Path | None = None
        self._recent: frozenset[str] = frozenset()
        """The stacks that tests of the present module have used."""

    # === while tests are collected ===

    @pytest.hookimpl(trylast=True)
    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Have a stack started as soon as a test that uses it is collected, and will surely be run."""
        if not is_narrowed(item):
            self._want_for([item])

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Have those stacks started that the tests left after all selection use."""
        if not session.config.option.collectonly:
            self._want_for(session.items)

    def _want_for(self, items: Iterable[pytest.Item]) -> None:
        self._want_early({name for item in items for name in self._wants(item, demand_of(item))})

    def _want_early(self, stacks: set[str]) -> None:
        fresh = sorted(stacks - self._wanted)
        if fresh:
            self._wanted.update(fresh)
            # Where it fails, the first test that claims one hears why it cannot have it.
            with suppress(ZigguratError):
                self._want(fresh)

    # === around a test ===

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Claim what the test uses before its time begins to count, and give it back after its teardown."""
        self._begin_module(item.path)
        self._demand = demand_of(item)
        self._label = label_of(item)
        wants = self._wants(item, self._demand)
        self._recent |= wants.keys()
        try:
            self._tenant.claim(wants, self._label)
        except ZigguratError as error:
            item.stash[REFUSED] = str(error)
        try:
            return (yield)
        finally:
            # Where the teardown did not come to it, the test has failed already.
            with suppress(ZigguratError):
                self._tenant.leave()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Fail a test whose stack cannot be had, without the traceback of a plugin."""
        if REFUSED in item.stash:
            pytest.fail(item.stash[REFUSED], pytrace=False)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        """Fail a test during which a stack lost something, also if it passed."""
        # Where one is down, the fixtures that end with this test meet that themselves.
        with suppress(ZigguratError):
            self._tenant.claim(dict.fromkeys(self._ending_with(item, nextitem), False), self._label)
        result = yield
        lost = self._leave()
        # Who could not even have its stack, as the keeper is gone, was told so.
        if lost and not (isinstance(lost, KeeperLost) and REFUSED in item.stash):
            pytest.fail(str(lost), pytrace=False)
        return result

    def pytest_unconfigure(self) -> None:
        """Give the connection back."""
        self._tenant.close()

    def running(self, name: str) -> RunningStack:
        """Return a stack to a fixture, claimed for the present test if it was not named by it."""
        if not self._tenant.holds(name):
            self._loose.add(name)
            self._recent |= {name}
            self._want_early({name})
            self._tenant.claim({name: self._demand.is_alone(name)}, self._label)
        return self._tenant.running(name)

    def _begin_module(self, path: Path) -> None:
        if path != self._module:
            self._module, self._recent = path, frozenset()

    def _wants(self, item: pytest.Item, demand: Demand) -> dict[str, bool]:
        if item.get_closest_marker("skip") or item.config.option.setupplan:
            return {}
        try:
            wants = demand.wants(self._declared, self._loose)
            if wants and item.get_closest_marker(Tier.UNIT):
                raise TierViolation(Tier.UNIT, f"the run stack {next(iter(wants))}", allowed_in(PROCESSES))
        except ZigguratError as error:
            item.stash[REFUSED] = str(error)
            return {}
        return wants

    def _ending_with(self, item: pytest.Item, following: pytest.Item | None) -> frozenset[str]:
        """Return the stacks that fixtures of a wider scope may use in their teardown, which this test brings about."""
        if following is None or item.path.parent != following.path.parent:
            return self._tenant.known()
        return frozenset() if item.parent is following.parent else self._recent & self._tenant.known()

    def _leave(self) -> RunStackDamaged | KeeperLost | None:
        try:
            self._tenant.leave()
        except (RunStackDamaged, KeeperLost) as lost:
            return lost
        return None


def demand_of(item: pytest.Item) -> Demand:
    """Return what a test says of the run stacks that it uses."""
    shared, exclusive = (named_in(mark.args for mark in item.iter_markers(name)) for name in ("shared", "exclusive"))
    return Demand(
        fixtures=frozenset(getattr(item, "fixturenames", ())), shared=shared or frozenset(), exclusive=exclusive
    )


def label_of(item: pytest.Item) -> str:
    """Return a test's name for people: its id, and the worker that it runs in."""
    worker = getattr(item.config, "workerinput", {}).get("workerid", "")
    return f"{item.nodeid} [{worker}]" if worker else item.nodeid


def is_narrowed(item: pytest.Item) -> bool:
    """Say whether a collected test may not be run after all."""
    option = item.config.option
    tiers = getattr(option, "tier", None)
    left_out = tiers and not any(item.get_closest_marker(tier) for tier in tiers)
    return bool(option.collectonly or left_out or any(getattr(option, name, None) for name in NARROWING))
