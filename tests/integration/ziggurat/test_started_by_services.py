"""Services that a service of a stack starts at the keeper itself, as a supervisor does."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from ziggurat import LogLine, Service, Stack, attach, start, start_detached
from ziggurat.hang import tree
from ziggurat.recorder import Recorder
from ziggurat.stack import LIFELINE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from ziggurat import Lease, RunningStack

    Program = Callable[..., tuple[str, ...]]

ANOTHER = ("-c", "import time; print('here I am', flush=True); time.sleep(60)")


@pytest.fixture
def stack(lease: Lease, program: Program, tmp_path: Path) -> RunningStack:
    """A stack of one service that has started another; a second stack of the kind runs beside it."""
    start(described(program, tmp_path / "twin.log"), lease=lease)
    return start(described(program, tmp_path / "another.log"), lease=lease)


def described(program: Program, log: Path) -> Stack:
    """Return a stack of one service that starts another."""
    command = program("start_another", str(log), sys.executable, *ANOTHER)
    return Stack(name="nest", services=(Service(name="owl", command=command, ready=LogLine(pattern="^another")),))


def test_they_stop_with_the_stack_and_those_of_another_stack_do_not(
    stack: RunningStack, lease: Lease, family: Callable[..., dict[str, int]], alive: Callable[[int], bool]
) -> None:
    """Nothing is left of it at the keeper, which goes on."""
    pid = family(stack["owl"].log, "another")["another"]
    stack.stop()

    assert not alive(pid)
    assert len([report for report in lease.ask("list") if "/" in report["name"]]) == 1


def test_a_stop_that_was_interrupted_while_they_stop_can_be_made_again(
    base: object, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By whoever pressed Ctrl-C in the first one: nothing of it has been forgotten yet."""
    del base
    # Where this test fails, the stack ends with its process.
    monkeypatch.setenv(LIFELINE, str(os.getpid()))
    nest = described(program, tmp_path / "another.log")
    start_detached(nest).lease.close()
    first = attached(nest)
    ask_all = first.lease.ask_all

    def ask_until_interrupted(requests: Iterable[tuple[str, Mapping[str, object]]]) -> list[object]:
        asked = list(requests)
        if any("/" in str(facts.get("service")) for _, facts in asked):
            raise KeyboardInterrupt
        return ask_all(asked)

    monkeypatch.setattr(first.lease, "ask_all", ask_until_interrupted)
    with pytest.raises(KeyboardInterrupt):
        first.stop()
    first.lease.close()

    attached(nest).stop()
    assert attach(nest) is None


def attached(stack: Stack) -> RunningStack:
    """Return a detached stack, which runs."""
    running = attach(stack)
    assert running
    return running


def test_they_outlive_the_service_that_started_them(
    stack: RunningStack, family: Callable[..., dict[str, int]], alive: Callable[[int], bool]
) -> None:
    """They are the keeper's, until the stack stops."""
    pid = family(stack["owl"].log, "another")["another"]
    stack["owl"].kill()

    assert alive(pid)
    assert [report["pid"] for report in stack.started_by_services()] == [pid]


def test_what_they_wrote_is_shown_when_a_test_fails(stack: RunningStack) -> None:
    """Under the name that they have in the stack."""
    recorder = Recorder()
    recorder.enter(stack)
    stack["owl"].log.wait_for("another")

    assert {service.name for service in recorder.timeline().services} == {"nest.owl", "nest.another"}
    recorder.close()


def test_a_look_at_a_hang_calls_them_as_the_timeline_does(stack: RunningStack) -> None:
    """So that a reader finds one in the other."""
    recorder = Recorder()
    recorder.enter(stack)
    stack["owl"].log.wait_for("another")
    # Beside them there may be processes of other stacks below this one.
    looked_at = {process.label for process in tree.found(recorder.keepers())}

    assert {service.name for service in recorder.timeline().services} <= looked_at
    recorder.close()


def test_a_scratch_folder_is_the_services_own_and_goes_with_the_stack(lease: Lease, program: Program) -> None:
    """Two services have two, and nobody else may look in."""
    python = program("serve")[0]
    code = "import os, sys; print(oct(os.stat(sys.argv[1]).st_mode & 0o777), sys.argv[1], flush=True)"
    services = [Service(name=name, command=(python, "-c", code, "{scratch}")) for name in "ab"]
    running = start(Stack(name="two", services=tuple(services)), lease=lease)
    folders = [running[name].log.wait_for(r"^0o700 (.*)$")[1] for name in "ab"]

    assert len(set(folders)) == 2
    assert all(folder.startswith(str(lease.folder)) for folder in folders)
