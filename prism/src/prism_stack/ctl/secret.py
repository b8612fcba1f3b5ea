"""How commands take secrets: from files and variables; what is typed as a word, everybody may read in `ps`."""

from __future__ import annotations

from pathlib import Path

import click
from click.core import ParameterSource

from prism_stack import redact
from prism_stack.ctl import words
from prism_stack.ctl.options import Decorator, read_by

COMMENT = "#"
FOR_ALL = "a secret on the command line is there for all to read"


def refuse_typed_secret(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """Allow a URL unless it was typed with a password in it."""
    typed = param.name and ctx.get_parameter_source(param.name) is ParameterSource.COMMANDLINE
    if typed and value and redact.holds_secret(value):
        raise click.BadParameter(
            f"{FOR_ALL}; give the URL by {param.envvar} or a file",
            ctx,
            param,
        )
    return value


def settings_option(about: str, *, secrets_by: str) -> Decorator:
    """Return the option that takes settings, and none that is secret by its name."""

    def read(word: str) -> tuple[str, str]:
        name, value = words.setting(word)
        if redact.is_secret(name) or redact.holds_secret(value):
            # No `ValueError`: what is told of one has the word in it.
            raise click.UsageError(f"--set {name}: {FOR_ALL}; give it by {secrets_by}")
        return name, value

    return click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", callback=read_by(read), help=about)


def file_option(flag: str, about: str) -> Decorator:
    """Return an option that names a file with secrets."""
    return click.option(flag, type=click.Path(exists=True, dir_okay=False, path_type=Path), help=about)


def read_url(path: Path) -> str:
    """Return the one line of a file."""
    text = _text(path).strip()
    if not text or len(text.splitlines()) > 1:
        raise click.UsageError(f"{path} must hold a URL, and nothing else")
    return text


def read_values(path: Path | None) -> dict[str, str]:
    """Return the NAME=VALUE lines of a file; an error tells a line's number, and never what it holds."""
    found: dict[str, str] = {}
    for number, line in enumerate(_text(path).splitlines() if path else (), 1):
        if not line.strip() or line.startswith(COMMENT):
            continue
        name, equals, value = line.partition("=")
        if not name.strip() or not equals:
            raise click.UsageError(f"{path}, line {number}: must be NAME=VALUE")
        found[name.strip()] = value
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError as error:
        raise click.UsageError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{path} is not text") from error
