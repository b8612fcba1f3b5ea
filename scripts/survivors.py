"""Kill test runs and keepers in the middle of their work, again and again, and count what is left.

Each round starts pytest on an integration run, waits until its services are up, lets it work for a random moment and
kills either pytest or the run's keeper with SIGKILL. Then, within two seconds, all of this must be true: no process
that descended from the run is alive, none carries its tag, nobody listens at or holds its ports, and the run's folder
is gone. A zombie does not count as alive: not every init reaps.

Prints a table; ends with 1 if anything was left, else with 0.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ziggurat.errors import ConditionTimeout
from ziggurat.keeper import ports, processes
from ziggurat.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
TIMES = 20
GONE_SECONDS = 2.0
UP_SECONDS = 120.0
"""Until the services of a run are up; the first run may have to build them."""
WORK_SECONDS = 0.5
PRISM_TESTS = ("tests/behaviour", "tests/integration/prism")
SMALL_TEST = f"""
import sys, time
from pathlib import Path
from ziggurat import FREE, Notify, Service, Stack

PROGRAMS = Path({str(ROOT / "tests/programs")!r})

def test_it(session_stacks):
    family = (sys.executable, PROGRAMS / "leave_family.py", "child", "session", "daemon", "bare", "stubborn")
    serve = (sys.executable, PROGRAMS / "serve.py", "{{http}}")
    session_stacks.start(
        Stack(
            name="small",
            services=(
                Service(name="family", command=family, ready=Notify()),
                Service(name="web", command=serve, ports={{"http": FREE}}, ready=Notify()),
            ),
        )
    )
    time.sleep(60)
"""
HEADINGS = ("round", "killed", "processes", "ports", "gone after", "left")
WIDTHS = (5, 8, 9, 5, 10, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A test run as it is right before the kill."""

    folder: Path
    tag: str
    keeper: int
    pids: dict[int, int]
    """Every descendant, with its start time."""
    ports: frozenset[int]
    """Where its services listen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One round."""

    victim: str
    run: Run
    seconds: float
    left: tuple[str, ...]


def main() -> int:
    """Run all rounds and print a line for each."""
    options = parse_arguments()
    seed = options.seed if options.seed is not None else random.randrange(1 << 32)  # noqa: S311 - no secret
    chance = random.Random(seed)  # noqa: S311 - as above
    print(f"seed {seed}: {options.times} times SIGKILL of pytest and of its keeper, during {' '.join(options.tests)}")
    print(line(HEADINGS))
    outcomes = []
    for victim in ("pytest", "keeper"):
        for number in range(1, options.times + 1):
            outcomes.append(one_round(victim, options.tests, chance.uniform(0, WORK_SECONDS)))
            print(row(number, outcomes[-1]), flush=True)
    failed = [outcome for outcome in outcomes if outcome.left]
    for outcome in failed:
        print("", f"left after SIGKILL of {outcome.victim}:", *outcome.left, sep="\n  ")
    print(f"{len(outcomes) - len(failed)} of {len(outcomes)} times nothing was left")
    return 1 if failed else 0


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--times", type=int, default=TIMES, help="rounds for each of the two (default: %(default)s)")
    parser.add_argument("--seed", type=int, help="replay the moments of an earlier run")
    parser.add_argument("--small", action="store_true", help="small services of tests/programs instead of Prism's")
    parser.add_argument("tests", nargs="*", help=f"what to run pytest on (default: {' '.join(PRISM_TESTS)})")
    options = parser.parse_args()
    options.tests = options.tests or (["--small"] if options.small else list(PRISM_TESTS))
    return options


def one_round(victim: str, tests: list[str], work_seconds: float) -> Outcome:
    """Start a run, kill the victim in the middle of it, and see what is left."""
    with test_run(tests) as (pytest, runs):
        run = await_services(pytest, runs)
        # The one pause here that waits for nothing: the moment of the kill is to be any.
        time.sleep(work_seconds)
        run = look(pytest, runs) or run
        began = time.monotonic()
        os.kill(pytest.pid if victim == "pytest" else run.keeper, signal.SIGKILL)
        left = wait_gone(run)
        return Outcome(victim=victim, run=run, seconds=time.monotonic() - began, left=left)


@contextmanager
def test_run(tests: list[str]) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """Run pytest with a folder of runs of its own; whatever is left of it is killed in the end."""
    with tempfile.TemporaryDirectory(prefix="zs", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        environment = {**os.environ, "XDG_RUNTIME_DIR": name, "PYTEST_ADDOPTS": ""}
        if tests == ["--small"]:
            (folder / "test_small.py").write_text(SMALL_TEST)
            place, words = folder, ["test_small.py", "--rootdir", name, "-p", "no:cacheprovider"]
        else:
            place, words = ROOT, [*tests, "--tier", "integration", "-p", "no:cacheprovider"]
        with (folder / "output").open("wb") as output:
            command = [sys.executable, "-m", "pytest", *words]
            pytest = subprocess.Popen(command, cwd=place, env=environment, stdout=output, stderr=output)
            try:
                yield pytest, folder / "ziggurat"
            except ConditionTimeout:
                sys.stderr.write((folder / "output").read_text())
                raise
            finally:
                pytest.kill()
                pytest.wait()
                shutil.rmtree(folder / "ziggurat", ignore_errors=True)


def await_services(pytest: subprocess.Popen[bytes], runs: Path) -> Run:
    """Wait until the services of a run are up."""
    return cast("Run", wait_until(lambda: look(pytest, runs), seconds=UP_SECONDS, what="the services of the run"))


def look(pytest: subprocess.Popen[bytes], runs: Path) -> Run | None:
    """Return the run as it is now, or None while its services do not listen yet."""
    for record in runs.glob("*/run"):
        tag, keeper, *_ = record.read_text().split()
        family = processes.descendants(pytest.pid)
        listening = {port for _, port in ports.addresses_of(processes.tagged(tag))}
        if listening and int(keeper) in family:
            return Run(
                folder=record.parent,
                tag=tag,
                keeper=int(keeper),
                # Pytest itself goes on after its keeper: it is no part of what must be gone.
                pids={pid: started for pid in family if (started := processes.start_time(pid))},
                ports=frozenset(listening),
            )
    return None


def wait_gone(run: Run) -> tuple[str, ...]:
    """Wait until nothing is left of a run, at most two seconds; return what is."""
    try:
        wait_until(lambda: not remains(run), seconds=GONE_SECONDS, what="the end of all")
    except ConditionTimeout:
        return remains(run)
    return ()


def remains(run: Run) -> tuple[str, ...]:
    """Return what is left of a run, one line each."""
    alive = {pid for pid, started in run.pids.items() if processes.is_same(pid, started)}
    alive |= {pid for pid in processes.tagged(run.tag) if processes.state(pid) not in {"", "Z", "X"}}
    listening = {port for _, (_, port) in ports.listeners()} & run.ports
    held = {port for port in run.ports - listening if is_held(port)}
    return (
        *(f"process {pid}: {processes.command(pid)}" for pid in sorted(alive)),
        *(f"somebody listens at port {port}" for port in sorted(listening)),
        *(f"somebody holds port {port}" for port in sorted(held)),
        *([f"folder {run.folder}"] if run.folder.exists() else []),
    )


def is_held(port: int) -> bool:
    """Say whether a socket is bound to a port; connections that are over but remembered (TIME_WAIT) do not count."""
    with socket.socket() as strict:
        try:
            strict.bind(("127.0.0.1", port))
        except OSError:
            return not any(f":{port:04X} " in entry for entry in Path("/proc/net/tcp").read_text().splitlines())
    return False


def row(number: int, outcome: Outcome) -> str:
    """Return the line of a round."""
    facts = (len(outcome.run.pids), len(outcome.run.ports), f"{outcome.seconds * 1000:.0f} ms", len(outcome.left))
    return line((number, outcome.victim, *facts))


def line(cells: tuple[object, ...]) -> str:
    """Return cells in columns."""
    return "  ".join(f"{cell:>{width}}" for cell, width in zip(map(str, cells), WIDTHS, strict=True))


if __name__ == "__main__":
    sys.exit(main())
