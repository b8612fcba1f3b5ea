"""`proxy-integration-runner`: build, start proxy and runner on free ports, run the six checks, leave nothing."""

import contextlib
import secrets
import signal
import sys
from collections.abc import Callable, Iterator
from types import FrameType

import click

from prism_stack import stacks, workspace
from prism_stack.checks import CheckResult, run_checks, verdict
from prism_stack.client import KeyValueClient
from prism_stack.errors import PrismError
from ziggurat import BuildFailed, Endpoint, RunningStack, ZigguratError, start

LAST_LINES = 20
EXIT_FAILED = 1
EXIT_USAGE = 64


@click.command()
@click.option("--build/--no-build", default=True, help="Build the programs first, or take what was built last.")
@click.option("--release", is_flag=True, help="Programs built with optimisations.")
@click.option("--proxy", metavar="HOST:PORT", help="Check this running proxy instead; nothing is built or started.")
def run(build: bool, release: bool, proxy: str | None) -> int:  # noqa: FBT001 - click passes by name
    """Prove that a call travels from a client through prism-proxy and keyvalue-runner to the store and back."""
    if proxy is not None:
        return check(str(Endpoint.parse(proxy)), tell_more=lambda: None)
    click.echo("Building prism-proxy and keyvalue-runner …" if build else "Taking the programs that were built last …")
    programs = workspace.programs(release=release, fresh=build)
    with start(stacks.keyvalue_stack(stacks.paths(programs))) as running:
        click.echo(f"prism-proxy listens on {running.address('proxy.data')}")
        click.echo(f"keyvalue-runner listens on {running.address('runner.data')}")
        return check(running.address("proxy.data"), tell_more=lambda: tell_logs(running))


def check(address: str, *, tell_more: Callable[[], None]) -> int:
    """Run the checks against a proxy, saying each as it finishes, and return the exit code."""
    key = f"proxy-integration-runner/{secrets.token_hex(8)}"
    results: list[CheckResult] = []
    with KeyValueClient(address) as keyvalue:
        try:
            for result in run_checks(keyvalue, key):
                results.append(result)
                click.echo(str(result))
                if not result.passed:
                    tell_more()
        finally:
            with contextlib.suppress(PrismError):
                keyvalue.delete(key)
    click.echo(verdict(results))
    return 0 if all(result.passed for result in results) else EXIT_FAILED


def tell_logs(running: RunningStack) -> None:
    """Say what each program logged last."""
    for service in running.services.values():
        click.echo(f"{service.name}, last lines of its log:")
        for line in service.log.tail(LAST_LINES):
            click.echo(f"  | {line}")


@contextlib.contextmanager
def sigterm_as_interrupt() -> Iterator[None]:
    """Let SIGTERM unwind the stack as Ctrl-C does, so that what was started is stopped."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def main() -> None:
    """Run the checks and exit 0 if all passed, 1 if not, 64 if it was called wrongly."""
    try:
        with sigterm_as_interrupt():
            sys.exit(run.main(standalone_mode=False))
    except BuildFailed as error:
        click.echo(f"❌ {error.brief}", err=True)
        sys.exit(EXIT_FAILED)
    except (PrismError, ZigguratError) as error:
        click.echo(f"❌ {error}", err=True)
        sys.exit(EXIT_FAILED)
    except (click.Abort, KeyboardInterrupt):
        click.echo("❌ interrupted; everything that was started is gone", err=True)
        sys.exit(EXIT_FAILED)
    except click.UsageError as error:
        error.show()
        sys.exit(EXIT_USAGE)
