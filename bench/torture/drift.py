"""No drift: a process that starts and stops stacks all day uses at its end what it used in the morning."""

from __future__ import annotations

import os
import shutil
import statistics
import threading
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from bench import process
from bench.torture.finding import Finding
from bench.torture.life import program
from bench.torture.scene import at_home_in, scene
from ziggurat import FREE, Notify, Service, Stack, Tcp, own, start
from ziggurat.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.torture.campaign import Campaign
    from bench.torture.scene import Scene

PROMISE = "no drift"
WHOLE, SHORT = 1000, 100
KEEPERS_SHARE = 10
"""One in so many cycles is also the whole life of a keeper."""
MEMORY_BOUND = 1 << 20
"""Bytes: a leak of a kilobyte in each cycle would show; the allocator's own moods do not."""
WARM = 0.2
"""Of the cycles: until then caches fill."""
REAPER = "ziggurat-warden-reaper"
MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What a process and its keeper use at one moment."""

    descriptors: int
    descriptors_of_keeper: int
    threads: int
    watches: int
    files: int
    memory: int
    memory_of_keeper: int

    @classmethod
    def now(cls, place: Scene, keeper: int) -> Use:
        """Look."""
        return cls(
            descriptors=descriptors(os.getpid()),
            descriptors_of_keeper=descriptors(keeper),
            threads=threading.active_count(),
            watches=watches(keeper),
            files=len(place.files()),
            memory=process.resident(os.getpid()),
            memory_of_keeper=process.resident(keeper),
        )


def attempt(campaign: Campaign) -> Iterator[Finding]:
    """Cycle over one keeper, and over keepers that come and go."""
    cycles = campaign.amount(WHOLE, SHORT)
    with scene() as place, at_home_in(place):
        yield cycles_over_one_keeper(place, cycles)
        yield cycles_of_keepers(place, max(cycles // KEEPERS_SHARE, 1))


def cycles_over_one_keeper(place: Scene, cycles: int) -> Finding:
    """Start and stop a stack again and again, with its logs where the caller asked for them, as pytest does."""
    logs = place.folder.with_name("logs")
    with own() as lease:
        keeper = int(lease.about_keeper["pid"])

        def cycle() -> None:
            start(stack(), lease=lease, log_folder=logs).stop()
            shutil.rmtree(logs)

        uses = used(cycle, lambda: Use.now(place, keeper), cycles)
        lease.end()
    return found("stacks over one keeper", f"{cycles:,} starts and stops in one process", uses)


def cycles_of_keepers(place: Scene, cycles: int) -> Finding:
    """Start and stop a stack with a keeper of its own."""

    def cycle() -> None:
        start(stack()).stop()
        wait_until(lambda: not reapers() and not place.files(), seconds=2, what="the end of the keeper's warden")

    uses = used(cycle, lambda: Use.now(place, os.getpid()), cycles)
    return found("stacks with a keeper of their own", f"{cycles:,} starts and stops in one process", uses)


def used(cycle: Callable[[], None], look: Callable[[], Use], cycles: int) -> list[Use]:
    """Return what was in use after each cycle, once it is warm."""
    warm = max(int(cycles * WARM), 1)
    for _ in range(warm):
        cycle()
    uses = [look()]
    for _ in range(cycles - warm):
        cycle()
        uses.append(look())
    return uses


def found(trial: str, tried: str, uses: list[Use]) -> Finding:
    """Compare the end with the beginning: the memory by the medians of a tenth of the looks."""
    tenth = max(len(uses) // 10, 1)
    grown = {
        field.name: int(
            statistics.median(getattr(use, field.name) for use in uses[-tenth:])
            - statistics.median(getattr(use, field.name) for use in uses[:tenth])
        )
        for field in fields(Use)
    }
    bounds = {name: MEMORY_BOUND if "memory" in name else 0 for name in grown}
    memory = "/".join(f"{grown[name] / MEBIBYTE:+.2f}" for name in ("memory", "memory_of_keeper"))
    counted = ", ".join(f"{name} {grown[name]:+d}" for name in ("descriptors", "threads", "files"))
    return Finding(
        trial=trial,
        tried=tried,
        measured=f"{counted}, memory {memory} MiB",
        goal="+0; memory ≤ 1 MiB",
        broken=tuple(f"{name} grew by {grown[name]}" for name in grown if grown[name] > bounds[name]),
    )


def stack() -> Stack:
    """Return two services, each awaited in a way of its own."""
    serves = program("serve", "{http}")
    return Stack(
        name="drift",
        services=(
            Service(name="says", command=serves, ports={"http": FREE}, ready=Notify(), stop=()),
            Service(name="answers", command=serves, ports={"http": FREE}, ready=Tcp(endpoint="http"), stop=()),
        ),
    )


def descriptors(pid: int) -> int:
    """Count what a process has open."""
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def watches(pid: int) -> int:
    """Count the files that a process watches."""
    # The descriptor through which one's own folder is read is gone by the time that it is looked at.
    entries = [entry for entry in list(Path(f"/proc/{pid}/fdinfo").iterdir()) if entry.exists()]
    return sum(entry.read_text().count("inotify wd") for entry in entries)


def reapers() -> int:
    """Count the threads that wait for a warden."""
    return sum(thread.name == REAPER for thread in threading.enumerate())
