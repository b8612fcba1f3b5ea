"""Nothing that the toolkit offers is missing in its documents."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import ziggurat
import ziggurat.testing
from ziggurat import pytest_plugin

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parents[3]
BLOCK = re.compile(r"^(?: {4}.*)$|^\|.*$", re.MULTILINE)
"""A line of an example or of a table."""
SHOWN = "\n".join(
    line for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")] for line in BLOCK.findall(page.read_text())
)
PLUGIN = (ROOT / "docs" / "plugin.md").read_text()


def missing(names: Iterable[str], text: str) -> list[str]:
    """Return the names that do not stand in a text as words."""
    words = set(re.findall(r"[\w-]+", text))
    return sorted(name for name in names if name not in words)


def test_each_public_name_has_an_example() -> None:
    """Or a row of a table, where it is only a kind of something."""
    assert missing([*ziggurat.__all__, *ziggurat.testing.__all__], SHOWN) == []


class Noted:
    """A parser of pytest's that notes what is added to it."""

    def __init__(self) -> None:
        """Note nothing yet."""
        self.names: list[str] = []

    def getgroup(self, *_: str) -> Noted:
        """Return itself for a group of options."""
        return self

    def addoption(self, name: str, **_: object) -> None:
        """Note an option."""
        self.names.append(name)

    def addini(self, name: str, *_: object, **__: object) -> None:
        """Note a setting."""
        self.names.append(name)


def test_each_option_and_setting_of_the_plugin_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """On its page."""
    del monkeypatch
    parser = Noted()
    pytest_plugin.pytest_addoption(parser)  # type: ignore[arg-type]

    assert len(parser.names) > 6
    assert missing(parser.names, PLUGIN) == []


def test_each_mark_and_fixture_of_the_plugin_is_told() -> None:
    """On its page."""
    marks = [re.split(r"[(:]", mark)[0] for mark in pytest_plugin.MARKERS]
    fixtures = [
        name for name, value in vars(pytest_plugin).items() if type(value).__name__ == "FixtureFunctionDefinition"
    ]

    assert {"test_stacks", "running_stack"} <= set(fixtures)
    assert missing([*marks, *fixtures], PLUGIN) == []
