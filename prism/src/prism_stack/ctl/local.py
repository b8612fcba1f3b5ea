"""`prismctl local`: the whole system on this machine, started by a person and left running."""

from __future__ import annotations

import time

import click

from prism_stack.ctl import output, secret
from prism_stack.ctl.options import json_option
from prism_stack.ctl.world import World
from prism_stack.defaults import MOST_PROXIES

EXIT_UNFIT = 69


@click.group()
def local() -> None:
    """Start, stop and ask the stack of this machine.

    Example: prismctl local start
    """


@local.command()
@click.option(
    "--proxies", type=click.IntRange(1, MOST_PROXIES), default=1, show_default=True, help="How many proxies share it."
)
@click.option(
    "--ports", type=click.Choice(["default", "auto"]), default="default", show_default=True, help="auto: free ones."
)
@click.option(
    "--store",
    default="",
    envvar="PRISM_STORE",
    show_envvar=True,
    metavar="redis://…",
    callback=secret.refuse_typed_secret,
    help="Keep the data in a Redis instead of in memory; a URL with a password by the variable.",
)
@click.option("--release", is_flag=True, help="Programs built with optimisations.")
@click.option("--build/--no-build", default=True, help="Build first, or take what was built last.")
@json_option
def start(*, proxies: int, ports: str, store: str, release: bool, build: bool, as_json: bool) -> None:
    """Start the local stack; return when calls to the default namespace succeed.

    Example: prismctl local start --proxies 2 --ports auto
    """
    from prism_stack import full_stack, stacks, workspace
    from prism_stack.ctl import stack

    stack.refuse_second_start()
    began = time.monotonic()
    programs = stacks.paths(workspace.programs(release=release, fresh=build))
    layout = full_stack.free_layout(proxies) if ports == "auto" else full_stack.default_layout(proxies)
    addresses = stack.addresses(stack.start(full_stack.local_stack(programs, layout, store=store), layout))
    head = f"the local stack is up, {time.monotonic() - began:.2f} s after the command:"
    lines = (f"  {name:<16} {address}" for name, address in addresses.items())
    output.say({"addresses": addresses}, "\n".join([head, *lines]), as_json=as_json)


@local.command()
@click.argument("part", required=False)
@json_option
@click.pass_obj
def restart(world: World, *, part: str | None, as_json: bool) -> None:
    """Restart PART, which is a part or a process such as ns:default:keyvalue; without one, each part in turn.

    Returns when it is ready. Runners go on, unless one is named.

    Example: prismctl local restart proxy-1
    """
    from prism_stack.ctl import stack

    running = stack.running()
    names = [part] if part else list(running.services)
    for name in names:
        stack.restart(running, name, world)
        if not as_json:
            click.echo(f"{name} is back")
    running.wait_ready(stack.WHOLE_SECONDS)
    if as_json:
        output.say({"restarted": names}, "", as_json=True)


@local.command()
@json_option
def stop(*, as_json: bool) -> None:
    """Stop the local stack; return when all of it is gone.

    Example: prismctl local stop
    """
    from prism_stack.ctl import stack

    stack.running().stop()
    output.say({"stopped": True}, "the local stack is stopped", as_json=as_json)


@local.command()
@json_option
def status(*, as_json: bool) -> None:
    """Tell how the local stack is; exit 69 unless it runs and answers.

    Example: prismctl local status
    """
    from prism_stack.ctl import stack, status as statuses

    found = statuses.look(stack.find())
    output.say(statuses.as_json(found), statuses.as_text(found), as_json=as_json)
    if not found.answers:
        raise click.exceptions.Exit(EXIT_UNFIT)


@local.command()
@click.option("--build", is_flag=True, help="First build the programs in the profile that the stack runs.")
@json_option
def check(*, build: bool, as_json: bool) -> None:
    """Tell whether the local stack is fit for e2e tests: it answers, and is the build that stands now.

    Example: prismctl local check
    """
    from prism_stack import full_stack, workspace
    from prism_stack.ctl import stack

    running = stack.find()
    if build and running:
        workspace.programs(release=stack.is_release(running))
    full_stack.local_gate().enter()
    output.say({"fit": True}, "the local stack is fit to be tested", as_json=as_json)


@local.command()
@click.argument("name", required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on as lines come.")
@click.option(
    "-n", "--lines", type=click.IntRange(min=0), default=100, show_default=True, help="How many to begin with."
)
@json_option
def logs(*, name: str | None, follow: bool, lines: int, as_json: bool) -> None:
    """Show what the parts of the local stack and the launcher's processes logged, or one of them.

    Example: prismctl local logs -f proxy-1
    """
    from prism_stack.ctl import logs as written, stack

    if follow and as_json:
        raise click.UsageError("--json prints one document, and --follow has no end: take one of them")
    running = stack.running()
    if as_json:
        output.say({"lines": written.last_lines(running, name, lines)}, "", as_json=True)
    else:
        written.show_logs(running, name, written.Follow(lines=lines, forever=follow), click.echo)
