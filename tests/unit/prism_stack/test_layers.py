"""Admin and launcher are programs of their own: they share `control` and `process`, and nothing of each other."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import prism_stack

PACKAGE = Path(prism_stack.__file__).parent
FORBIDDEN = {
    "admin": ("prism_stack.launcher", "prism_stack.ctl"),
    "launcher": ("prism_stack.admin", "prism_stack.ctl"),
    "control": ("prism_stack.admin", "prism_stack.launcher", "prism_stack.ctl"),
    "process": ("prism_stack.admin", "prism_stack.launcher", "prism_stack.ctl", "prism_stack.control"),
}


@pytest.mark.parametrize("part", FORBIDDEN)
def test_a_part_imports_nothing_of_those_beside_or_above_it(part: str) -> None:
    """What two of them need has a place below both."""
    imported = {name: path.name for path in (PACKAGE / part).rglob("*.py") for name in imports(path)}

    assert imported
    assert {name: file for name, file in imported.items() if name.startswith(FORBIDDEN[part])} == {}


def imports(path: Path) -> set[str]:
    """Return the modules that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found
