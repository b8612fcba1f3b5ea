"""Nothing that the toolkit offers is missing in its documents."""

from __future__ import annotations

import ast
import re
from contextlib import suppress
from pathlib import Path
from textwrap import dedent

import ziggurat
import ziggurat.testing
from ziggurat import pytest_plugin

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
BLOCK = re.compile(r"(?:^(?: {4}.*)?\n)+", re.MULTILINE)
ROW = re.compile(r"^\|.*", re.MULTILINE)
CODE = re.compile(r"`([\w-]+)[^`]*`")
"""The name that begins a piece of code in a sentence or a cell."""


def used(page: str) -> set[str]:
    """Return the names that the Python examples of a page use; to import one shows nothing."""
    names: set[str] = set()
    for block in BLOCK.findall(page):
        with suppress(SyntaxError):  # a command, an output or a drawing
            names |= {node.id for node in ast.walk(ast.parse(dedent(block))) if isinstance(node, ast.Name)}
    return names


def told(page: str) -> set[str]:
    """Return what the tables of a page name as code."""
    return {name for row in ROW.findall(page) for name in CODE.findall(row)}


def listed(title: str) -> list[str]:
    """Return what the table of a section of the plugin's page has a row of, sorted."""
    _, _, rest = (ROOT / "docs" / "plugin.md").read_text().partition(f"\n## {title}\n")
    section, _, _ = rest.partition("\n## ")
    return sorted({name for row in ROW.findall(section) for name in CODE.findall(row.split("|")[1])})


def test_each_public_name_has_an_example() -> None:
    """Or a row of a table, where it is only a kind of something."""
    shown = {name for page in PAGES for name in used(page.read_text()) | told(page.read_text())}
    unknown = [name for name in [*ziggurat.__all__, *ziggurat.testing.__all__] if name not in shown]

    assert not unknown, f"in no example and no table of README.md or docs/: {', '.join(unknown)}"


def test_an_import_or_a_sentence_is_no_example() -> None:
    """A name that is only imported, or stands in prose or in a command, is still missing."""
    example = "To start:\n\n    from ziggurat import Stack, start\n\n    Stack()\n"
    command = "By hand:\n\n    $ own it\n"
    table = "| `Tcp(endpoint=)` | for those who build |\n"

    assert used(f"{example}\n{command}\n{table}") == {"Stack"}
    assert told(f"{example}\n{command}\n{table}") == {"Tcp"}


class Noted:
    """A parser of pytest's that notes what is added to it."""

    def __init__(self) -> None:
        """Note nothing yet."""
        self.options: list[str] = []
        self.settings: list[str] = []

    def getgroup(self, *_: str) -> Noted:
        """Return itself for a group of options."""
        return self

    def addoption(self, name: str, **_: object) -> None:
        """Note an option."""
        self.options.append(name)

    def addini(self, name: str, *_: object, **__: object) -> None:
        """Note a setting."""
        self.settings.append(name)


def test_the_plugins_page_lists_its_options_and_settings() -> None:
    """All that it adds, and no other."""
    parser = Noted()
    pytest_plugin.pytest_addoption(parser)  # type: ignore[arg-type]

    assert listed("Options") == sorted(parser.options)
    assert listed("Settings") == sorted(parser.settings)


def test_the_plugins_page_lists_its_marks_and_fixtures() -> None:
    """All that it adds, and no other."""
    marks = [re.split(r"[(:]", mark)[0] for mark in pytest_plugin.MARKERS]
    fixtures = [
        name for name, value in vars(pytest_plugin).items() if type(value).__name__ == "FixtureFunctionDefinition"
    ]

    assert listed("Marks") == sorted(marks)
    assert listed("Fixtures") == sorted(fixtures)
