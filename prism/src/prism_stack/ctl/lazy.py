"""A group whose commands are imported when they are named: nobody waits for the parts that others need."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class LazyGroup(click.Group):
    """A group of commands by name, each given as `module:attribute`."""

    def __init__(self, *, homes: Mapping[str, str], **attributes: Any) -> None:  # noqa: ANN401 - as click hands them
        super().__init__(**attributes)
        self._homes = dict(homes)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which they are declared."""
        del ctx
        return list(self._homes)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command, or return None for an unknown name."""
        del ctx
        if cmd_name not in self._homes:
            return None
        module, _, attribute = self._homes[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command
