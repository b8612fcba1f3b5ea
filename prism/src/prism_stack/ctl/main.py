"""The one entry of prismctl: commands, and the one place where an error becomes a line and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from prism_stack.ctl import advice
from prism_stack.ctl.lazy import LazyGroup
from prism_stack.ctl.world import World
from prism_stack.errors import PrismError
from ziggurat.errors import BuildFailed, ZigguratError

EXIT_USAGE = 64
EXIT_INTERRUPTED = 130
COMMANDS = {
    "local": "prism_stack.ctl.local:local",
    "namespace": "prism_stack.ctl.namespace:namespace",
    "kv": "prism_stack.ctl.kv:kv",
    "pattern": "prism_stack.ctl.pattern:pattern",
    "proxy": "prism_stack.ctl.peer:proxy",
    "launcher": "prism_stack.ctl.peer:launcher",
}


@click.group(cls=LazyGroup, homes=COMMANDS)
@click.version_option(package_name="prism-stack", prog_name="prismctl")
def prismctl() -> None:
    """Run and ask a Prism.

    Example: prismctl local start
    """


def main() -> None:
    """Run prismctl and exit with the code that design and docs give to its outcome."""
    sys.exit(run(sys.argv[1:], World()))


def run(words: Sequence[str], world: World) -> int:
    """Run one command; return its exit code, and tell an error in one line on stderr."""
    try:
        # Without click's own handling, the code of an `Exit` comes back as the result.
        return int(prismctl.main(words, prog_name="prismctl", standalone_mode=False, obj=world) or 0)
    except BuildFailed as error:
        return _fail(error.brief, error.exit_code)
    except PrismError as error:
        return _fail(advice.line(error), error.exit_code)
    except ZigguratError as error:
        return _fail(str(error), error.exit_code)
    except click.Abort:
        return EXIT_INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return EXIT_USAGE
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "prismctl"
        return _fail(f"{error.format_message().rstrip('.')}; see: {path} --help", EXIT_USAGE)
    except click.ClickException as error:
        return _fail(error.format_message(), error.exit_code)


def _fail(said: str, code: int) -> int:
    click.echo(f"prismctl: {said}", err=True)
    return code
