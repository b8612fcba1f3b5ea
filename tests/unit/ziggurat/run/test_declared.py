"""Which run stacks a project has, by its settings."""

import sys
from types import ModuleType

import pytest

from ziggurat.errors import SpecError
from ziggurat.run.declared import parse
from ziggurat.spec import Stack
from ziggurat.startup import Hooks, Planned

SHOP = Stack(name="shop", services=())


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module that can be imported as ``market``."""
    module = ModuleType("market")
    monkeypatch.setitem(sys.modules, "market", module)
    return module


def test_a_line_names_a_fixture_and_where_its_stack_is_found(module: ModuleType) -> None:
    """The stack, or a function that returns it."""
    vars(module).update(shop=SHOP, made=lambda: SHOP, planned=Planned(stack=SHOP, hooks=Hooks()))
    declared = parse(["shop = market:shop", "other=market:made", "third=market:planned"])

    assert [(name, stack.load().stack) for name, stack in declared.items()] == [
        ("shop", SHOP),
        ("other", SHOP),
        ("third", SHOP),
    ]


@pytest.mark.parametrize("line", ["shop", "shop=market", "shop=:name", "my shop=market:shop", "=market:shop", "a=b:"])
def test_any_other_line_is_refused(line: str) -> None:
    """As it was written."""
    with pytest.raises(SpecError, match=f"ziggurat_run_stacks: '{line}' is not FIXTURE=MODULE:NAME"):
        parse([line])


def test_a_name_given_twice_is_refused() -> None:
    """One of them would never be started."""
    with pytest.raises(SpecError, match="two run stacks are called 'shop'"):
        parse(["shop=market:a", "shop=market:b"])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("shop=nowhere:shop", "No module named 'nowhere'"),
        ("shop=market:nothing", "has no attribute 'nothing'"),
        ("shop=market:wrong", "it is no Stack but str"),
    ],
)
def test_a_place_without_a_stack_is_refused_when_it_is_loaded(module: ModuleType, line: str, reason: str) -> None:
    """With the setting as it stands."""
    vars(module).update(wrong="stack")

    with pytest.raises(SpecError, match=f"ziggurat_run_stacks = .*{reason}"):
        parse([line])["shop"].load()
