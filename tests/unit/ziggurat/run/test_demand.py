"""Which run stacks a test needs, and whether alone."""

import pytest

from ziggurat.errors import UnknownName
from ziggurat.run.demand import Demand, named_in

DECLARED = {"shop": 1, "bank": 2}


def demand(*fixtures: str, shared: tuple[str, ...] = (), exclusive: tuple[str, ...] | None = None) -> Demand:
    """Return what a test says."""
    alone = None if exclusive is None else frozenset(exclusive)
    return Demand(fixtures=frozenset(fixtures), shared=frozenset(shared), exclusive=alone)


def test_a_test_without_run_stacks_wants_none() -> None:
    """Whatever else it names."""
    assert demand("tmp_path", "request").wants(DECLARED) == {}


def test_a_test_wants_the_run_stacks_among_its_fixtures_and_marks() -> None:
    """With others."""
    assert demand("shop", "tmp_path", shared=("bank",)).wants(DECLARED) == {"bank": False, "shop": False}


def test_an_exclusive_test_has_alone_all_that_it_uses() -> None:
    """Without naming it."""
    assert demand("shop", shared=("bank",), exclusive=()).wants(DECLARED) == {"bank": True, "shop": True}


def test_an_exclusive_test_that_names_stacks_has_alone_those() -> None:
    """And the others with others."""
    assert demand("shop", exclusive=("bank",)).wants(DECLARED) == {"bank": True, "shop": False}


def test_whoever_can_request_fixtures_may_be_using_a_loose_stack() -> None:
    """Others cannot."""
    assert demand("request").wants(DECLARED, loose={"shop"}) == {"shop": False}
    assert demand("tmp_path").wants(DECLARED, loose={"shop"}) == {}


@pytest.mark.parametrize("wrong", [demand(shared=("ship",)), demand(exclusive=("ship", "shop"))])
def test_a_mark_that_names_no_run_stack_is_refused(wrong: Demand) -> None:
    """With those that there are."""
    with pytest.raises(UnknownName, match="there is no run stack 'ship'; there is bank, shop"):
        wrong.wants(DECLARED)


def test_the_names_of_several_marks_count_together() -> None:
    """One without names means whatever is used."""
    assert named_in([]) is None
    assert named_in([("shop",), ("bank",)]) == frozenset({"shop", "bank"})
    assert named_in([("shop",), ()]) == frozenset()
