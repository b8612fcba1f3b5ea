"""`prismctl pattern`: the processes that the launcher supervises."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from prism_stack.ctl import output, secret
from prism_stack.ctl.options import duration_option, json_option, launcher_option, namespace_option
from prism_stack.ctl.world import CONTROL_TIMEOUT, World
from prism_stack.errors import EXIT_NO, PrismError

if TYPE_CHECKING:
    from prism.launcher.launcher_pb2 import IsolationLevel, LaunchResponse, PatternInfo, ProcessState

STATES = ("starting", "running", "terminating", "terminated", "failed", "finished")
ISOLATIONS = ("namespace", "none")
LAUNCHER_GRACE = timedelta(seconds=10)
"""What the launcher allows a process that is told to end, where nobody says otherwise."""


class NotUp(PrismError):
    """A process that was launched and is not healthy."""

    exit_code = EXIT_NO

    def __init__(self, process_id: str, state: str, reason: str) -> None:
        super().__init__(f"{process_id} is {state}: {reason or 'no reason was given'}; see: prismctl pattern list")
        self.process_id = process_id
        self.state = state
        self.reason = reason


@click.group()
def pattern() -> None:
    """List, launch and terminate the processes of patterns.

    Example: prismctl pattern list
    """


@pattern.command("list")
@click.argument("name", metavar="[PATTERN]", default="")
@namespace_option(None, "Only those of one namespace.")
@click.option("--state", type=click.Choice(STATES), help="In one state.")
@launcher_option
@json_option
@click.pass_obj
def list_patterns(
    world: World, *, name: str, namespace: str | None, state: str | None, launcher: str | None, as_json: bool
) -> None:
    """List the processes: state, pid, restarts, errors, and below the table why one failed last.

    Example: prismctl pattern list --state failed
    """
    with world.asking_launcher(launcher) as client:
        told = client.list_patterns(pattern=name, namespace=namespace or "", state=_state(state))
    found = [row(each) for each in told]
    output.say({"patterns": found}, listing(found), as_json=as_json)


@pattern.command()
@click.argument("name", metavar="PATTERN")
@namespace_option(None, "Whose process.")
@click.option(
    "--isolation",
    type=click.Choice(ISOLATIONS),
    default="namespace",
    show_default=True,
    help="Who shares the process: one namespace, or all (none).",
)
@secret.settings_option(
    "A setting of the process, such as max_keys=100; repeat it for more.", secrets_by="--settings-file"
)
@secret.file_option("--settings-file", "A file of NAME=VALUE lines: settings, secret ones too.")
@duration_option("--timeout", "15s", "How long it may take to come up.")
@launcher_option
@json_option
@click.pass_obj
def launch(  # noqa: PLR0913 - as many as there are options
    world: World,
    *,
    name: str,
    namespace: str | None,
    isolation: str,
    settings: tuple[tuple[str, str], ...],
    settings_file: Path | None,
    timeout: timedelta,
    launcher: str | None,
    as_json: bool,
) -> None:
    """Start a process, or find the one that runs; return when it is healthy. One that failed is started anew.

    Example: prismctl pattern launch keyvalue -n orders
    """
    if isolation == "namespace" and not namespace:
        raise click.UsageError("-n NAMESPACE is missing: the process would be that namespace's")
    config = {**secret.read_values(settings_file), **dict(settings)}
    with world.asking_launcher(launcher, timeout) as client:
        told = client.launch_pattern(name, namespace=namespace or "", isolation=_isolation(isolation), config=config)
    found = launched(told)
    if not told.healthy:
        raise NotUp(told.process_id or name, str(found["state"]), told.error)
    output.say(found, f"{told.process_id} is {found['state']} at {told.address}", as_json=as_json)


@pattern.command()
@click.argument("process_id", metavar="PROCESS")
@duration_option("--grace", "0", "How long it may take to end; 0 for the launcher's own.")
@click.option("--force", is_flag=True, help="Kill it at once.")
@launcher_option
@json_option
@click.pass_obj
def terminate(
    world: World, *, process_id: str, grace: timedelta, force: bool, launcher: str | None, as_json: bool
) -> None:
    """End a process by its id, and forget it; return when it is gone. One that the admin wants comes back.

    Example: prismctl pattern terminate ns:orders:keyvalue
    """
    with world.asking_launcher(launcher, CONTROL_TIMEOUT + (grace or LAUNCHER_GRACE)) as client:
        client.terminate_pattern(process_id, grace=grace, force=force)
    output.say({"process_id": process_id}, f"{process_id} is gone", as_json=as_json)


def row(told: PatternInfo) -> dict[str, object]:
    """Return what is told of a process."""
    return {
        "process_id": told.process_id,
        "pattern_name": told.pattern_name,
        "namespace": told.namespace,
        "state": state_word(told.state),
        "healthy": told.healthy,
        "pid": told.pid,
        "uptime_seconds": told.uptime_seconds,
        "restart_count": told.restart_count,
        "error_count": told.error_count,
        "last_error": told.last_error,
        "address": told.address,
    }


def launched(told: LaunchResponse) -> dict[str, object]:
    """Return what is told of a launch."""
    return {
        "process_id": told.process_id,
        "state": state_word(told.state),
        "healthy": told.healthy,
        "address": told.address,
    }


def listing(found: list[dict[str, object]]) -> str:
    """Return processes as a table, with what went wrong last below it."""
    if not found:
        return "no processes"
    rows = [
        (
            str(each["process_id"]),
            f"{each['state']}{'' if each['healthy'] or each['state'] != 'running' else ' (unhealthy)'}",
            str(each["pid"] or "-"),
            output.seconds(int(str(each["uptime_seconds"]))),
            str(each["restart_count"]),
            str(each["error_count"]),
            str(each["address"] or "-"),
        )
        for each in found
    ]
    notes = [f"{each['process_id']}: {each['last_error']}" for each in found if each["last_error"]]
    return output.table(("PROCESS", "STATE", "PID", "UPTIME", "RESTARTS", "ERRORS", "ADDRESS"), rows, notes)


def state_word(number: int) -> str:
    """Return the word of a state; its number where it is none that we know."""
    from prism.launcher.launcher_pb2 import ProcessState

    names: dict[int, str] = {value: name for name, value in ProcessState.items()}
    return names[number].removeprefix("STATE_").lower() if number in names else str(number)


def _state(word: str | None) -> ProcessState.ValueType:
    from prism.launcher.launcher_pb2 import ProcessState

    return ProcessState.Value(f"STATE_{word.upper()}") if word else ProcessState.Value("STATE_UNSPECIFIED")


def _isolation(word: str) -> IsolationLevel.ValueType:
    from prism.launcher.launcher_pb2 import IsolationLevel

    return IsolationLevel.Value(f"ISOLATION_{word.upper()}")
