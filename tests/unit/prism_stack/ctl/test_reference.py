"""docs/prismctl.md has every command, every option and every field, and no other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from tests.unit.prism_stack.ctl.test_main import commands

if TYPE_CHECKING:
    from tests.unit.prism_stack.ctl.conftest import Type

TEXT = (Path(__file__).parents[4] / "docs" / "prismctl.md").read_text()
ROWS = dict(re.findall(r"^\| `(prismctl [a-z]+ [a-z]+)(.*)$", TEXT, re.MULTILINE))
OF_ALL = ("--json", "--help")
OF_KEYS = ("-n", "--namespace", "--proxy", "--admin")
ENDPOINTS = ("--admin", "--launcher")


def test_the_reference_has_every_command_and_no_other() -> None:
    """One row each."""
    assert ROWS.keys() == {path for path, _ in commands()}


@pytest.mark.parametrize(("path", "command"), list(commands()), ids=[path for path, _ in commands()])
def test_the_reference_has_every_option_of_a_command(path: str, command: click.Command) -> None:
    """In its row, or in the sentence about what all of a kind have."""
    options = {flag for param in command.params if isinstance(param, click.Option) for flag in param.opts}
    elsewhere = {*OF_ALL, *(OF_KEYS if path.startswith("prismctl kv") else ENDPOINTS)}
    told = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", ROWS[path]))

    assert options - elsewhere <= told
    assert told <= {*options, *(flag for param in command.params for flag in param.secondary_opts)}


@pytest.mark.parametrize("flag", [*OF_ALL[:1], *OF_KEYS, "--launcher"])
def test_the_reference_tells_what_several_commands_have(flag: str) -> None:
    """Once, beside the table."""
    assert f"`{flag}" in TEXT


@pytest.mark.parametrize(
    "words",
    [
        ("namespace", "list"),
        ("namespace", "show", "default"),
        ("namespace", "create", "orders"),
        ("namespace", "delete", "default"),
        ("pattern", "list"),
        ("proxy", "list"),
        ("launcher", "list"),
        ("kv", "set", "k", "v"),
    ],
    ids=" ".join,
)
def test_the_reference_has_every_field_of_a_document(prismctl: Type, words: tuple[str, ...]) -> None:
    """By its name."""
    missing = [name for name in names_in(prismctl(*words, "--json").document) if f"`{name}`" not in TEXT]

    assert missing == []


def names_in(document: object) -> set[str]:
    """Return the names of the fields of a document, and of what is in it."""
    if isinstance(document, list):
        return {name for each in document for name in names_in(each)}
    if isinstance(document, dict):
        return {*document, *(name for each in document.values() for name in names_in(each))}
    return set()
