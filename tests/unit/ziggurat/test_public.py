"""The public list of the package, and who may import whom."""

from __future__ import annotations

import ast
import inspect
import sys
from functools import cache, cached_property
from pathlib import Path

import pytest

import ziggurat
import ziggurat.testing

SOURCE = Path(ziggurat.__file__).parent
MODULES = sorted(SOURCE.rglob("*.py"))
PUBLIC = {name: getattr(package, name) for package in (ziggurat, ziggurat.testing) for name in package.__all__}
CLASSES = {name: public for name, public in PUBLIC.items() if isinstance(public, type)}


@cache
def imports_of(path: Path) -> set[str]:
    """Return the absolute names of the modules that a module imports, those for types too; relative ones with dots."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." * node.level + (node.module or ""))
    return found


def typed_names() -> set[tuple[str, str]]:
    """Return (module, name) of what ``__init__`` imports for type checkers."""
    tree = ast.parse((SOURCE / "__init__.py").read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    return {
        (str(node.module), alias.name)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def undocumented(public: type) -> list[str]:
    """Return what a class lets everybody do and says nothing of: its own and what it has of the toolkit's bases."""
    done = (property, cached_property, classmethod, staticmethod)
    return [
        f"{base.__name__}.{name}"
        for base in public.__mro__
        if base.__module__.startswith("ziggurat")
        for name, value in vars(base).items()
        if not name.startswith("_") and (inspect.isfunction(value) or isinstance(value, done)) and not value.__doc__
    ]


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_can_be_imported_and_is_documented(name: str) -> None:
    """Values of other types than our own are documented where they are defined."""
    public = PUBLIC[name]

    if isinstance(public, type) or callable(public):
        assert public.__doc__
        # As a dataclass documents itself where nobody does.
        assert not public.__doc__.startswith(f"{name}(")


@pytest.mark.parametrize("public", CLASSES.values(), ids=CLASSES)
def test_what_a_public_class_does_is_documented(public: type) -> None:
    """Each method and property that a name without an underscore gives to everybody."""
    assert undocumented(public) == []


def test_no_kind_of_method_may_go_undocumented() -> None:
    """Also those that only a descriptor of the class calls."""

    class Undocumented:
        def method(self) -> None: ...
        @property
        def property(self) -> None: ...
        @cached_property
        def cached(self) -> None: ...
        @classmethod
        def of_class(cls) -> None: ...
        @staticmethod
        def static() -> None: ...
        def _private(self) -> None: ...

    Undocumented.__module__ = "ziggurat.example"

    assert len(undocumented(Undocumented)) == 5


def test_type_checkers_see_the_same_list() -> None:
    """Two lists that must be one."""
    lazy = {(f"ziggurat.{home}", name) for home, names in ziggurat._HOMES.items() for name in names}

    assert typed_names() == lazy


def test_the_list_is_sorted_and_complete() -> None:
    """``dir`` shows exactly it."""
    assert dir(ziggurat) == ziggurat.__all__ == sorted(set(ziggurat.__all__))


def test_no_module_hides_a_public_name() -> None:
    """Importing ``ziggurat.x`` makes the module an attribute of that name."""
    modules = {path.stem for path in SOURCE.iterdir() if path.suffix == ".py" or path.is_dir()}

    assert modules & set(ziggurat.__all__) == set()


def test_a_name_that_is_not_public_is_an_attribute_error() -> None:
    """As of any module."""
    with pytest.raises(AttributeError, match="module 'ziggurat' has no attribute 'nothing'"):
        _ = ziggurat.nothing


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_the_toolkit_knows_nothing_of_prism(path: Path) -> None:
    """Neither by import nor by name."""
    assert not [name for name in imports_of(path) if name.partition(".")[0].startswith("prism")]
    assert "prism" not in path.read_text().lower().replace("prismctl local start", "")


@pytest.mark.parametrize("path", sorted((SOURCE / "keeper").glob("*.py")), ids=lambda path: path.name)
def test_the_keeper_imports_only_its_own_folder_and_the_standard_library(path: Path) -> None:
    """It is started by path, without site-packages."""
    foreign = {
        name
        for name in imports_of(path)
        if not (name.startswith(".") and not name.startswith(".."))
        and name.partition(".")[0] not in sys.stdlib_module_names
    }

    assert foreign == set()
