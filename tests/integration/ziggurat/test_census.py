"""Who is there, and what `ziggurat clean` ends: by run tag, pid and start time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ziggurat import LogLine, Notify, Service, Stack, census, cli, own, start, wait_until
from ziggurat.keeper import processes
from ziggurat.lease import base_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Program = Callable[..., tuple[str, ...]]
    Gone = Callable[..., None]

OWNER = Path(__file__).parents[2] / "programs" / "own_a_stack.py"


@contextmanager
def dead_run() -> Iterator[tuple[str, list[int]]]:
    """Leave what a run leaves whose keeper and warden were killed together: its tag, and its pids with a tag."""
    with subprocess.Popen([sys.executable, str(OWNER)], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        told = json.loads(owner.stdout.readline())
        kill_both({"pid": told["keeper"], "warden": told["warden"]})
        owner.kill()
        tagged = [pid for pid in told["members"] if processes.environment(pid)]
        yield told["run"], tagged
        for pid in told["members"]:
            if not processes.environment(pid) and processes.state(pid) not in {"", "Z"}:
                # Without a tag and without its keeper, nobody can know whose this one is.
                os.kill(pid, signal.SIGKILL)


def kill_both(keeper: dict[str, int]) -> None:
    """Kill a keeper and its warden, before either can clean up after the other."""
    os.kill(keeper["warden"], signal.SIGSTOP)
    os.kill(keeper["pid"], signal.SIGKILL)
    os.kill(keeper["warden"], signal.SIGKILL)


def named(tag: str) -> census.Run:
    """Return the run of that tag."""
    return next(run for run in census.runs(base_folder()) if run.tag == tag)


def test_a_run_that_lives_is_shown_with_its_services(base: object, program: Program) -> None:
    """With who looks after it, and each process under the service that started it."""
    del base
    service = Service(name="made", command=program("serve", "127.0.0.1:0"), ready=Notify())
    with own() as lease, start(Stack(name="one", services=(service,)), lease=lease) as stack:
        run = named(lease.about_keeper["run"])

        assert (run.lives, run.keeper, run.warden) == (True, lease.about_keeper["pid"], lease.about_keeper["warden"])
        assert [(member.pid, member.service) for member in run.members] == [(stack["made"].pid, stack["made"].key)]
        assert "serve.py" in run.members[0].command
        stack.stop()
        lease.end()


def test_a_run_that_lives_is_not_cleaned(base: object, program: Program, capsys: pytest.CaptureFixture[str]) -> None:
    """Nor does anybody need to look before cleaning."""
    del base
    service = Service(name="made", command=program("serve", "127.0.0.1:0"), ready=Notify())
    with own() as lease, start(Stack(name="one", services=(service,)), lease=lease) as stack:
        assert cli.main(["clean"]) == 0

        assert capsys.readouterr().out == "nothing was left over\n"
        assert stack["made"].facts()["state"] == "running"
        stack.stop()
        lease.end()


def test_a_run_whose_record_was_taken_away_is_still_one_that_lives(base: object, program: Program) -> None:
    """It is known by the command lines of its keeper and its warden."""
    del base
    service = Service(name="made", command=program("serve", "127.0.0.1:0"), ready=Notify())
    with own() as lease, start(Stack(name="one", services=(service,)), lease=lease) as stack:
        (lease.folder / "run").unlink()
        run = named(lease.about_keeper["run"])

        assert (run.keeper, run.warden) == (lease.about_keeper["pid"], lease.about_keeper["warden"])
        assert census.end(run) == ()
        stack.stop()
        lease.end()


def test_a_dead_run_is_shown_and_cleaned(base: object, wait_gone: Gone, capsys: pytest.CaptureFixture[str]) -> None:
    """Everything that carries its tag, and its folder."""
    del base
    with dead_run() as (tag, pids):
        wait_until(lambda: not named(tag).lives, seconds=2, what="the end of keeper and warden")
        folder = named(tag).folder
        assert cli.main(["ps"]) == 0
        assert f"run {tag}: keeper and warden are gone, {len(pids)} left over" in capsys.readouterr().out

        assert cli.main(["clean"]) == 0
        assert f"run {tag}: ended {len(pids)}, removed {folder}" in capsys.readouterr().out
        wait_gone(*pids)
        assert not folder.exists()


def test_what_a_dead_run_left_is_found_without_its_folder(base: object, wait_gone: Gone) -> None:
    """An impatient cleaner of temporary folders hides nobody."""
    del base
    with dead_run() as (tag, pids):
        wait_until(lambda: not named(tag).lives, seconds=2, what="the end of keeper and warden")
        (named(tag).folder / "run").unlink()

        assert {member.pid for member in census.end(named(tag))} == set(pids)
        wait_gone(*pids)


def test_who_has_written_over_its_tag_is_found_by_the_runs_roll(
    base: object, program: Program, wait_gone: Gone, capsys: pytest.CaptureFixture[str]
) -> None:
    """As redis does with its title; here a program that runs without any variable."""
    del base
    command = ("env", "-i", *program("serve", "127.0.0.1:0"))
    service = Service(name="made", command=command, ready=LogLine(pattern="^listening"))
    lease = own()
    made = start(Stack(name="one", services=(service,)), lease=lease)["made"]
    tag, pid, key = lease.about_keeper["run"], made.pid, made.key
    kill_both(lease.about_keeper)
    lease.close()
    wait_until(lambda: not named(tag).lives, seconds=2, what="the end of keeper and warden")
    assert [(member.pid, member.service) for member in named(tag).members] == [(pid, key)]

    assert cli.main(["clean"]) == 0
    assert f"run {tag}: ended 1, removed " in capsys.readouterr().out
    wait_gone(pid)


def test_runs_are_told_to_programs_as_json(base: object, capsys: pytest.CaptureFixture[str]) -> None:
    """With the same facts."""
    del base
    with own() as lease:
        cli.main(["ps", "--json"])

        told = json.loads(capsys.readouterr().out)
        assert lease.about_keeper["run"] in {run["tag"] for run in told if run["lives"]}
        lease.end()
