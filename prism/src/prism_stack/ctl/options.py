"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from prism_stack.ctl import words
from prism_stack.ctl.endpoints import ADMIN, LAUNCHER, PROXY, Role
from prism_stack.keyvalue import DEFAULT_NAMESPACE

Command = Callable[..., Any]
Decorator = Callable[[Command], Command]
Callback = Callable[[click.Context, click.Parameter, Any], Any]


def read_by(read: Callable[[str], object]) -> Callback:
    """Return the callback that reads a parameter's words, and tells what is wrong with one."""

    def take(ctx: click.Context, param: click.Parameter, value: Any) -> Any:  # noqa: ANN401 - what `read` returns
        if isinstance(value, tuple):
            return tuple(take(ctx, param, word) for word in value)
        if value is None:
            return None
        try:
            return read(value)
        except ValueError as error:
            raise click.BadParameter(f"{value!r} {error}", ctx, param) from error

    return take


def endpoint_option(role: Role, what: str) -> Decorator:
    """Return the option that names a part of Prism."""
    return click.option(
        role.flag,
        envvar=role.variable,
        show_envvar=True,
        metavar="HOST:PORT",
        callback=read_by(words.address),
        help=f"{what}; else the local stack's, else 127.0.0.1:{role.port}.",
    )


def duration_option(flag: str, default: str, about: str) -> Decorator:
    """Return an option that takes a duration."""
    return click.option(
        flag, default=default, show_default=True, metavar="DURATION", callback=read_by(words.duration), help=about
    )


def namespace_option(default: str | None, about: str) -> Decorator:
    """Return the option that names a namespace."""
    return click.option(
        "-n",
        "--namespace",
        envvar="PRISM_NAMESPACE",
        show_envvar=True,
        default=default,
        show_default=True,
        metavar="NAME",
        callback=read_by(words.namespace),
        help=about,
    )


admin_option = endpoint_option(ADMIN, "The admin to ask")
launcher_option = endpoint_option(LAUNCHER, "The launcher to ask")
proxy_option = endpoint_option(PROXY, "The proxy to ask; else the one that the admin tells")
keys_of_option = namespace_option(DEFAULT_NAMESPACE, "Whose keys.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
