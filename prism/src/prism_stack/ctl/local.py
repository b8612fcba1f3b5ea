"""`prismctl local`: the whole system on this machine, started by a person and left running."""

import json
import time
from collections.abc import Mapping
from pathlib import Path

import click

from prism_stack import bootstrap, full_stack, stacks, workspace
from prism_stack.ctl import status as statuses
from prism_stack.ctl.logs import Follow, show_logs
from prism_stack.ctl.progress import Progress
from prism_stack.errors import WorldError
from ziggurat import AlreadyRunning, Hooks, PortTaken, RunningService, RunningStack, Stack, attach, start_detached

EXIT_UNFIT = 69


class NotRunning(WorldError):
    """There is no local stack."""

    def __init__(self) -> None:
        super().__init__("no local stack is running; start one with: prismctl local start")


@click.group()
def local() -> None:
    """Start, stop and ask the stack of this machine."""


@local.command()
@click.option("--proxies", type=click.IntRange(1, full_stack.MOST_PROXIES), default=1, help="How many; 1 unless told.")
@click.option("--ports", type=click.Choice(["default", "auto"]), default="default", help="auto: free ones.")
@click.option("--store", default="", metavar="redis://…", help="Keep the data in a Redis instead of in memory.")
@click.option("--release", is_flag=True, help="Programs built with optimisations.")
@click.option("--build/--no-build", default=True, help="Build first, or take what was built last.")
@click.option("--json", "as_json", is_flag=True, help="Print the addresses as JSON.")
def start(*, proxies: int, ports: str, store: str, release: bool, build: bool, as_json: bool) -> None:
    """Start the local stack; return when calls to the default namespace succeed."""
    refuse_second_start()
    began = time.monotonic()
    programs = stacks.paths(workspace.programs(release=release, fresh=build))
    layout = full_stack.free_layout(proxies) if ports == "auto" else full_stack.default_layout(proxies)
    running = _start(full_stack.local_stack(programs, layout, store=store), layout)
    _say_addresses(running, time.monotonic() - began, as_json=as_json)


def _start(stack: Stack, layout: full_stack.Layout) -> RunningStack:
    def serve_default(services: Mapping[str, RunningService]) -> None:
        bootstrap.serve_default(services, layout)

    with Progress(service.name for service in stack.services) as progress:
        try:
            return start_detached(stack, hooks=Hooks(progress=progress.note, prepare=serve_default))
        except PortTaken as taken:
            click.echo("prismctl: nothing was started; `--ports auto` takes free ports instead", err=True)
            raise taken from None


@local.command()
@click.argument("part", required=False)
def restart(part: str | None) -> None:
    """Restart a part of the local stack, or each in turn; return when it is ready. Runners keep running."""
    running = running_stack()
    for service in [running[part]] if part else running.services.values():
        service.restart()
        click.echo(f"{service.name} is back")
    running.wait_ready()


@local.command()
def stop() -> None:
    """Stop the local stack; return when all of it is gone."""
    running = running_stack()
    running.stop()
    click.echo("the local stack is stopped")


@local.command()
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def status(as_json: bool) -> None:  # noqa: FBT001 - click passes by name
    """Tell how the local stack is; exit 69 unless it runs and answers."""
    found = statuses.look(attach(full_stack.local_gate().stack))
    click.echo(json.dumps(statuses.as_json(found)) if as_json else statuses.as_text(found))
    if not found.answers:
        raise click.exceptions.Exit(EXIT_UNFIT)


@local.command()
@click.option("--build", is_flag=True, help="First build the programs in the profile that the stack runs.")
def check(build: bool) -> None:  # noqa: FBT001 - click passes by name
    """Tell whether the local stack is fit for e2e tests: it answers, and is the build that stands now."""
    gate = full_stack.local_gate()
    running = attach(gate.stack)
    if build and running:
        release = any("release" in Path(service.program).parts for service in running.services.values())
        workspace.programs(release=release)
    gate.enter()
    click.echo("the local stack is fit to be tested")


@local.command()
@click.argument("name", required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on as lines come.")
@click.option("-n", "--lines", type=click.IntRange(min=0), default=100, help="How many to begin with; 100 unless told.")
def logs(name: str | None, follow: bool, lines: int) -> None:  # noqa: FBT001 - click passes by name
    """Show what the parts of the local stack and the launcher's processes logged, or one of them."""
    show_logs(running_stack(), name, Follow(lines=lines, forever=follow), click.echo)


def running_stack() -> RunningStack:
    """Return the local stack, or raise `NotRunning`."""
    running = attach(full_stack.local_gate().stack)
    if running is None:
        raise NotRunning
    return running


def refuse_second_start() -> None:
    """Raise ziggurat's `AlreadyRunning` before anything is built, where a stack is there."""
    running = attach(full_stack.local_gate().stack)
    if running is not None:
        raise AlreadyRunning(running.spec.name, running.lease.folder, running.lease.about_keeper["pid"])


def _say_addresses(running: RunningStack, seconds: float, *, as_json: bool) -> None:
    addresses = {
        f"{service.name}.{name}": str(endpoint)
        for service in running.services.values()
        for name, endpoint in service.endpoints.items()
    }
    if as_json:
        click.echo(json.dumps({"addresses": addresses}))
        return
    click.echo(f"the local stack is up, {seconds:.2f} s after the command:")
    for name, address in addresses.items():
        click.echo(f"  {name:<16} {address}")
