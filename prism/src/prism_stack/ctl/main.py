"""The one entry of prismctl: commands, and the one place where an error becomes a line and an exit code."""

import sys

import click

from prism_stack.ctl.local import local
from prism_stack.errors import PrismError
from ziggurat import BuildFailed, ZigguratError

EXIT_USAGE = 64
EXIT_INTERRUPTED = 130


@click.group()
@click.version_option(package_name="prism-stack", prog_name="prismctl")
def prismctl() -> None:
    """Run and ask a Prism."""


prismctl.add_command(local)


def main() -> None:
    """Run prismctl and exit with the code that design and docs give to its outcome."""
    try:
        # Without click's own handling, the code of an `Exit` comes back as the result.
        sys.exit(prismctl.main(standalone_mode=False) or 0)
    except BuildFailed as error:
        click.echo(f"prismctl: {error.brief}", err=True)
        sys.exit(error.exit_code)
    except (PrismError, ZigguratError) as error:
        click.echo(f"prismctl: {error}", err=True)
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(EXIT_INTERRUPTED)
    except click.UsageError as error:
        error.show()
        sys.exit(EXIT_USAGE)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
