"""The entry of prismctl: quick, and one line for every error."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from typing import TYPE_CHECKING

import click
import pytest

from prism_stack.ctl.main import COMMANDS, prismctl as root
from prism_stack.ctl.options import json_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.prism_stack.ctl.conftest import Type

HEAVY = ("grpc", "google.protobuf", "rich", "prism", "ziggurat.stack", "prism_stack.full_stack")


def commands(group: click.Group = root, path: str = "prismctl") -> Iterator[tuple[str, click.Command]]:
    """Yield every command that does something, by what a person types."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


every_command = pytest.mark.parametrize(("path", "command"), list(commands()), ids=[path for path, _ in commands()])


@pytest.mark.parametrize("home", sorted({home.partition(":")[0] for home in COMMANDS.values()}))
def test_what_tells_of_a_command_loads_nothing_heavy(home: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients, tables and stacks are loaded by the command that needs them, when it runs."""
    for loaded in [loaded for loaded in sys.modules if loaded.partition(".")[0] == "prism_stack"]:
        monkeypatch.delitem(sys.modules, loaded)
    for heavy in HEAVY:
        monkeypatch.setitem(sys.modules, heavy, None)

    assert import_module(home).__name__ == home
    assert import_module("prism_stack.ctl.main").run(("local", "start", "--help"), None) == 0


@every_command
def test_every_command_explains_itself_with_one_example(path: str, command: click.Command) -> None:
    """One sentence, and a line that can be typed as it stands."""
    assert command.help
    assert command.help.count("Example: ") == 1
    assert re.search(rf"Example: {path}\b", command.help)


@every_command
def test_every_command_speaks_json(path: str, command: click.Command) -> None:
    """Programs need not read what people read."""
    assert path
    assert json_option(click.Command("any")).params[-1].name in {param.name for param in command.params}


@every_command
def test_every_option_is_explained(path: str, command: click.Command) -> None:
    """In one sentence."""
    options = [param for param in command.params if isinstance(param, click.Option)]

    assert [(path, option.name) for option in options if not (option.help or "").endswith(".")] == []


@pytest.mark.parametrize("words", [(), ("kv",), ("local",)], ids=" ".join)
def test_a_group_alone_tells_what_it_has(prismctl: Type, words: tuple[str, ...]) -> None:
    """On stderr, with the exit code of wrong usage."""
    done = prismctl(*words)

    assert (done.code, done.raw) == (64, b"")
    assert "Commands:" in done.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("lokal",), "prismctl: No such command 'lokal'"),
        (("kv", "put"), "prismctl: No such command 'put'"),
        (("kv", "get", "--force", "k"), "prismctl: No such option"),
        (("local", "start", "--ports", "many"), "'many' is not one of 'default', 'auto'"),
        (("local", "start", "--store", "redis://:s3cret@here"), "give the URL by PRISM_STORE or a file"),
        (("local", "logs", "--json", "--follow"), "take one of them"),
    ],
    ids=lambda words: words if isinstance(words, str) else " ".join(words),
)
def test_wrong_words_are_one_line_with_where_the_help_is(prismctl: Type, words: tuple[str, ...], said: str) -> None:
    """And exit code 64."""
    done = prismctl(*words)

    assert done.code == 64
    assert said in done.err
    assert done.err.rstrip().endswith("--help")
    assert done.err.count("\n") == 1
    assert "s3cret" not in done.err
