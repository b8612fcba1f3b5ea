"""What the packages offer is one list each, and none of it loads more than it needs."""

import sys
from importlib import import_module
from types import ModuleType

import pytest

import prism_stack
import prism_stack.testing

HEAVY = ("grpc", "google.protobuf", "click", "rich", "hypothesis", "prism")
LIGHT = ("prism_stack", "prism_stack.checks", "prism_stack.errors", "prism_stack.keyvalue", "prism_stack.testing.fake")

packages = pytest.mark.parametrize("package", [prism_stack, prism_stack.testing], ids=lambda package: package.__name__)


@packages
def test_every_public_name_is_there(package: ModuleType) -> None:
    """The list is sorted, is what completion shows, and each name of it can be had."""
    assert dir(package) == package.__all__ == sorted(package.__all__)
    assert all(hasattr(package, name) for name in package.__all__)


@packages
def test_another_name_is_missed_as_usual(package: ModuleType) -> None:
    """A name that is not there is told as any module tells it."""
    with pytest.raises(AttributeError, match=f"module '{package.__name__}' has no attribute 'missing'"):
        _ = package.missing


@pytest.mark.parametrize("name", LIGHT)
def test_what_needs_no_grpc_does_not_load_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who wants the errors, the checks or the fake waits for nothing else."""
    for loaded in [loaded for loaded in sys.modules if loaded.partition(".")[0] == "prism_stack"]:
        monkeypatch.delitem(sys.modules, loaded)
    for heavy in HEAVY:
        monkeypatch.setitem(sys.modules, heavy, None)

    assert import_module(name).__name__ == name
