"""The page of the promises names tests that are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[3] / "docs"
LINKS = sorted(set(re.findall(r"\]\(([^):#]+)(?:#([^)]+))?\)", (DOCS / "promises.md").read_text())))


def named_in(path: Path) -> set[str]:
    """Return the names of the tests in a file of Python or Rust."""
    text = path.read_text()
    if path.suffix == ".rs":
        return set(re.findall(r"#\[test\]\nfn (\w+)\(", text))
    functions = (node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef))
    return {name for name in functions if name.startswith("test_")}


@pytest.mark.parametrize("path", sorted({path for path, _ in LINKS}))
def test_what_a_promise_links_to_is_there(path: str) -> None:
    """A file that was moved no longer holds what the page says."""
    assert (DOCS / path).exists()


@pytest.mark.parametrize(("path", "name"), [(path, name) for path, name in LINKS if name and not path.endswith(".md")])
def test_a_test_that_a_promise_names_is_there(path: str, name: str) -> None:
    """Nor does one that was renamed."""
    assert name in named_in(DOCS / path)


def test_a_test_that_is_not_there_is_missed() -> None:
    """Whatever else a file defines is no test of it."""
    here = Path(__file__)

    assert test_a_test_that_is_not_there_is_missed.__name__ in named_in(here)
    assert named_in.__name__ not in named_in(here)
