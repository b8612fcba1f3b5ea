"""What a test says of itself, before it is run."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ziggurat.run.using import Using, demand_of, is_narrowed, label_of


class Item:
    """A collected test."""

    def __init__(self, *marks: pytest.Mark, worker: str = "", **options: object) -> None:
        option = SimpleNamespace(**{"collectonly": False, "setupplan": False, "tier": None, **options})
        self.nodeid = "tests/test_a.py::test_it"
        self.path = Path("tests/test_a.py")
        self.parent = "the module"
        self.fixturenames = ["shop", "request"]
        self.config: Any = SimpleNamespace(option=option)
        if worker:
            self.config.workerinput = {"workerid": worker}
        self._marks = marks

    def iter_markers(self, name: str) -> list[pytest.Mark]:
        """Return the marks of a name."""
        return [mark for mark in self._marks if mark.name == name]

    def get_closest_marker(self, name: str) -> pytest.Mark | None:
        """Return the first mark of a name."""
        return next(iter(self.iter_markers(name)), None)


def item(*marks: pytest.MarkDecorator, worker: str = "", **options: object) -> Any:  # noqa: ANN401 - as a pytest.Item
    """Return a collected test."""
    return Item(*(mark.mark for mark in marks), worker=worker, **options)


def test_a_test_says_what_it_uses_by_fixtures_and_marks() -> None:
    """Those of its class and its module are among them."""
    demand = demand_of(item(pytest.mark.shared("bank"), pytest.mark.exclusive("shop"), pytest.mark.exclusive("mint")))

    assert demand.fixtures == {"shop", "request"}
    assert demand.shared == {"bank"}
    assert demand.exclusive == frozenset({"shop", "mint"})


def test_a_test_is_named_with_the_worker_that_runs_it() -> None:
    """Where there are workers."""
    assert label_of(item()) == "tests/test_a.py::test_it"
    assert label_of(item(worker="gw1")) == "tests/test_a.py::test_it [gw1]"


def test_a_test_will_surely_run_where_nothing_leaves_tests_out() -> None:
    """Then its stack may start while others are still being collected."""
    assert not is_narrowed(item(keyword="", markexpr="", deselect=None, lf=False))


@pytest.mark.parametrize("option", [{"keyword": "shop"}, {"markexpr": "slow"}, {"lf": True}, {"deselect": ["tests"]}])
def test_a_test_may_yet_be_left_out_by_an_option(option: dict[str, Any]) -> None:
    """Then nothing is started for it before that is known."""
    assert is_narrowed(item(**option))


def test_a_test_of_another_tier_will_be_left_out() -> None:
    """One of a tier that was asked for will not."""
    unit = item(pytest.mark.unit)
    unit.config.option.tier = ["integration"]
    assert is_narrowed(unit)
    unit.config.option.tier = ["integration", "unit"]

    assert not is_narrowed(unit)


class Tenant:
    """Has whatever it claims, until it leaves."""

    def __init__(self) -> None:
        self.held: dict[str, bool] = {}
        self.ever: set[str] = set()

    def claim(self, wants: dict[str, bool], label: str) -> None:
        """Have it."""
        del label
        self.held.update(wants)
        self.ever |= wants.keys()

    def known(self) -> frozenset[str]:
        """Return what it ever had."""
        return frozenset(self.ever)

    def leave(self) -> None:
        """Have nothing."""
        self.held = {}


@pytest.mark.parametrize(
    ("following", "held"),
    [
        (None, {"shop": False}),
        ({"parent": "the module"}, {}),
        ({"parent": "a class"}, {"shop": False}),
        ({"parent": "another", "path": Path("tests/deep/test_b.py")}, {"shop": False}),
    ],
)
def test_what_wider_fixtures_may_use_is_held_while_they_are_torn_down(
    following: dict[str, Any] | None, held: dict[str, bool]
) -> None:
    """Though the test that brings it about uses nothing."""
    tenant: Any = Tenant()
    using = Using({"shop": 1}, tenant, lambda _: None)
    first, last, after = item(), item(), item()
    last.fixturenames = []
    for test in (first, last):
        next(using.pytest_runtest_protocol(test))
        tenant.leave()
    vars(after).update(following or {})
    next(using.pytest_runtest_teardown(last, after if following else None))

    assert tenant.held == held
