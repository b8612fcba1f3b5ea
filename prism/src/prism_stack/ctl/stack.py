"""The local stack: started, found, and its parts and processes restarted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from prism_stack import bootstrap, full_stack
from prism_stack.ctl.progress import Progress
from prism_stack.ctl.world import CONTROL_TIMEOUT, World
from prism_stack.errors import PrismError, WorldError
from ziggurat import (
    AlreadyRunning,
    Hooks,
    PortTaken,
    RunningService,
    RunningStack,
    Stack,
    UnknownName,
    attach,
    start_detached,
    wait_until,
)

if TYPE_CHECKING:
    from prism.launcher.launcher_pb2 import IsolationLevel, PatternInfo
    from prism_stack.clients.launcher import LauncherClient

ENDED_SECONDS = 5.0
"""The launcher sees an end at once; past this it sees none any more."""
WHOLE_SECONDS = 15.0
"""Until all parts that were restarted know of each other again."""


class NotRunning(WorldError):
    """There is no local stack."""

    def __init__(self) -> None:
        super().__init__("no local stack is running; start one with: prismctl local start")


class DefaultPortTaken(PrismError):
    """A documented port is somebody else's."""

    exit_code = PortTaken.exit_code

    def __init__(self, taken: PortTaken) -> None:
        super().__init__(f"{taken}; nothing was started: stop it, or take free ports with --ports auto")
        self.taken = taken


class NotBack(WorldError):
    """A process that was restarted and did not come up."""

    def __init__(self, process_id: str, reason: str) -> None:
        super().__init__(f"{process_id} did not come back: {reason}; see: prismctl local logs {process_id}")
        self.process_id = process_id
        self.reason = reason


def find() -> RunningStack | None:
    """Return the local stack, or None where none runs."""
    return attach(full_stack.local_gate().stack)


def running() -> RunningStack:
    """Return the local stack, or raise `NotRunning`."""
    found = find()
    if found is None:
        raise NotRunning
    return found


def refuse_second_start() -> None:
    """Raise ziggurat's `AlreadyRunning` before anything is built, where a stack is there."""
    found = find()
    if found is not None:
        raise AlreadyRunning(found.spec.name, found.lease.folder, found.lease.about_keeper["pid"])


def start(stack: Stack, layout: full_stack.Layout) -> RunningStack:
    """Start a stack, showing how its parts come up, and leave it running once it serves the default namespace."""

    def serve_default(services: Mapping[str, RunningService]) -> None:
        bootstrap.serve_default(services, layout)

    with Progress(service.name for service in stack.services) as progress:
        try:
            return start_detached(stack, hooks=Hooks(progress=progress.note, prepare=serve_default))
        except PortTaken as taken:
            raise DefaultPortTaken(taken) from taken


def addresses(found: RunningStack) -> dict[str, str]:
    """Return where the parts listen, by `part.endpoint`."""
    return {
        f"{service.name}.{name}": str(endpoint)
        for service in found.services.values()
        for name, endpoint in service.endpoints.items()
    }


def is_release(found: RunningStack) -> bool:
    """Say whether the stack runs programs that were built with optimisations."""
    return any("release" in Path(service.program).parts for service in found.services.values())


# === restart ===


def restart(found: RunningStack, name: str, world: World) -> None:
    """Restart a part, or a process of the launcher; return when it is ready.

    Raises ziggurat's `UnknownName`, `ServiceExited` or `NotReady`, and `NotBack` of a process.
    """
    if name in found.services:
        found[name].restart()
        return
    with world.asking_launcher(found.address(f"{full_stack.LAUNCHER}.control"), CONTROL_TIMEOUT) as launcher:
        processes = {each.process_id: each for each in launcher.list_patterns()}
        if name not in processes:
            raise UnknownName("part of the local stack", name, [*found.services, *processes])
        _restart_process(found, processes[name], launcher)


def _restart_process(found: RunningStack, process: PatternInfo, launcher: LauncherClient) -> None:
    """End a process at the keeper, and have the launcher start it anew, its history forgotten.

    Not by the launcher's own termination: that forgets what the process was to be.
    """
    for report in found.started_by_services():
        if report["name"].rpartition("/")[2] == process.process_id and report["state"] == "running":
            found.lease.ask("stop", service=report["name"])
            wait_until(
                lambda: not _runs(launcher, process),
                seconds=ENDED_SECONDS,
                what=f"the launcher to see the end of {process.process_id}",
            )
    told = launcher.launch_pattern(process.pattern_name, namespace=process.namespace, isolation=_isolation(process))
    if not told.healthy:
        raise NotBack(process.process_id, told.error or "it is not healthy yet")


def _runs(launcher: LauncherClient, process: PatternInfo) -> bool:
    now = launcher.list_patterns(pattern=process.pattern_name, namespace=process.namespace)
    return any(each.process_id == process.process_id and each.pid == process.pid != 0 for each in now)


def _isolation(process: PatternInfo) -> IsolationLevel.ValueType:
    from prism.launcher.launcher_pb2 import ISOLATION_NAMESPACE, ISOLATION_NONE

    return ISOLATION_NAMESPACE if process.namespace else ISOLATION_NONE
