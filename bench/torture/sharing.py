"""Shared stack: a worker inside a test is killed every two seconds, and only that test knows of it."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from bench.failure import MeasurementFailed
from bench.torture.finding import Finding
from bench.torture.scene import Expected, await_gone, scene
from ziggurat.keeper import processes
from ziggurat.waiting import wait_until

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from random import Random

    from bench.torture.campaign import Campaign
    from bench.torture.scene import Scene

PROMISE = "shared stack"
WHOLE, SHORT = 500, 160
"""Tests."""
WORKERS = 8
KILL_EVERY = 2.0
WHOLE_SECONDS, SHORT_SECONDS = 1.5, 0.15
"""That each test stays: long enough for many to be killed."""
PATIENCE = 600.0
STILL_SECONDS = 2.0
LOOK_EVERY = 0.01
TESTS = Path(__file__).with_name("shared_in_tests.py")
PLUGINS = ("-p", "xdist", "-p", "ziggurat.pytest_plugin", "-p", "no:cacheprovider")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the tests have written down so far."""

    inside: dict[int, int]
    """The test in which each worker is."""
    services: frozenset[int]
    """Every pid that the service ever had."""
    ended: int

    @classmethod
    def of(cls, lines: list[str]) -> Told:
        """Read the lines."""
        inside: dict[int, int] = {}
        services = set()
        for verb, test, worker, *service in map(str.split, lines):
            if verb == "begin":
                inside[int(worker)] = int(test)
            else:
                inside.pop(int(worker), None)
                services.add(int(service[0]))
        return cls(inside=inside, services=frozenset(services), ended=sum(line.startswith("end") for line in lines))


def attempt(campaign: Campaign) -> Iterator[Finding]:
    """Run the tests once, and kill."""
    count = campaign.amount(WHOLE, SHORT)
    with scene() as place:
        told, junit = place.folder.with_name("told"), place.folder.with_name("junit.xml")
        told.touch()
        run = begin(place, told, junit, count, SHORT_SECONDS if campaign.short else WHOLE_SECONDS)
        killed = kill_until_over(run, told, campaign.chance("shared"))
        _, left = await_gone(place, Expected())
        if not junit.exists():
            raise MeasurementFailed(f"the run came to no end: {place.said()}")
        yield found(count, killed, Told.of(told.read_text().splitlines()), failed_in(junit), left)


def begin(place: Scene, told: Path, junit: Path, count: int, seconds: float) -> subprocess.Popen[bytes]:
    """Start the run."""
    root = ("-c", os.devnull, "--rootdir", str(told.parent), "--basetemp", str(told.with_name("pytest")))
    stacks = ("-o", f"ziggurat_run_stacks=shop=bench.torture.{TESTS.stem}:SHOP")
    return place.start(
        *("-m", "pytest", str(TESTS), *root, *PLUGINS, *stacks),
        *("-n", str(WORKERS), "--dist", "load", "--max-worker-restart", "1000", "--junitxml", str(junit)),
        env={"SHARED": f"{told} {count} {seconds}", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )


def kill_until_over(run: subprocess.Popen[bytes], told: Path, chance: Random) -> list[int]:
    """Kill a worker that is inside a test every two seconds; return the tests."""
    killed, began = [], time.monotonic()
    due = began + KILL_EVERY
    while run.poll() is None:
        if time.monotonic() > began + PATIENCE:
            raise MeasurementFailed(f"the run has not ended after {PATIENCE:.0f} s")
        with suppress(ProcessLookupError):
            if time.monotonic() > due and (test := kill_one(told, chance)) is not None:
                killed.append(test)
                due = time.monotonic() + KILL_EVERY
        time.sleep(LOOK_EVERY)
    return killed


def kill_one(told: Path, chance: Random) -> int | None:
    """Kill one worker inside a test and return the test; None where nobody could be caught inside one."""
    inside = Told.of(told.read_text().splitlines()).inside
    living = sorted(worker for worker in inside if processes.start_time(worker))
    if not living:
        return None
    worker = chance.choice(living)
    # It stands still while it is looked at again: one that has left its test meanwhile is let go.
    os.kill(worker, signal.SIGSTOP)
    wait_until(lambda: processes.state(worker) in "TZX", seconds=STILL_SECONDS, what="the worker to stand still")
    still = Told.of(told.read_text().splitlines()).inside.get(worker)
    os.kill(worker, signal.SIGCONT if still is None else signal.SIGKILL)
    return still


def failed_in(junit: Path) -> list[int]:
    """Return the tests that failed, by a file that pytest wrote itself."""
    cases = ET.parse(junit).iter("testcase")  # noqa: S314 - our own file
    bad = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    return sorted(int(case.attrib["name"].partition("[")[2].rstrip("]")) for case in bad)


def found(count: int, killed: list[int], told: Told, failed: list[int], left: tuple[str, ...]) -> Finding:
    """Compare who failed with who was killed."""
    broken = [f"test {test} failed, and its worker was not killed" for test in sorted(set(failed) - set(killed))]
    broken += [f"test {test} did not fail, though its worker was killed" for test in sorted(set(killed) - set(failed))]
    broken += [f"left: {line}" for line in left]
    if len(told.services) != 1:
        broken.append(f"the service was started {len(told.services)} times")
    if told.ended + len(killed) != count:
        broken.append(f"{told.ended} tests passed and {len(killed)} were killed, of {count}")
    return Finding(
        trial=f"--dist load, {WORKERS} workers, one killed every {KILL_EVERY:g} s",
        tried=f"{count} tests, {len(killed)} kills",
        measured=f"{len(failed)} failed, the stack started {len(told.services)} times",
        goal="only the killed ones failed, once",
        broken=tuple(broken),
    )
