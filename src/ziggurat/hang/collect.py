"""Looks at everything at once, each part in a thread of its own and none of them for long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from ziggurat.hang import own_dump, own_stacks, proc, sockets, tools, tree
from ziggurat.hang.model import Hang, Looked, Part, Process

T = TypeVar("T")

LOOK_SECONDS = 4.0
"""For the whole look; with what it takes to write it down it is over within 5 s."""
SHORT_SECONDS = 1.0
SPARE = 0.2
"""Before the end, for a debugger to be ended in."""


def collect(test: str, reason: str, keepers: Mapping[int, Path], *, short: bool) -> Hang:
    """Look at the threads of this process and at every process below it and its keepers.

    The short look asks no process anything.
    """
    began = time.monotonic()
    seconds = SHORT_SECONDS if short else LOOK_SECONDS
    own = own_stacks.stacks()
    everyone = _bounded(lambda: tree.found(keepers), began + seconds / 2) or []
    processes = everyone[: tree.MOST_PROCESSES]
    known = _bounded(sockets.sockets, began + seconds / 2) or {}
    parts = _each(
        processes,
        lambda process: _look(process, known, None if short else began + seconds),
        began + seconds,
    )
    return Hang(
        test=test,
        reason=reason,
        seconds=time.monotonic() - began,
        stacks=own,
        processes=tuple(
            Looked(process=process, parts=tuple(found)) for process, found in zip(processes, parts, strict=True)
        ),
        omitted=len(everyone) - len(processes),
    )


def _look(process: Process, known: Mapping[str, str], deadline: float | None) -> Iterable[Part]:
    """Look at one process; without a deadline there is no time to ask anybody."""
    yield from proc.look(process.pid, known)
    if deadline is None:
        return
    if process.dump:
        said = own_dump.ask(process.pid, process.dump)
        yield said
        if said.lines:
            return
    yield tools.stacks(tools.tool_for(process.pid), process.pid, deadline - time.monotonic() - SPARE)


def _each(processes: list[Process], look: Callable[[Process], Iterable[Part]], deadline: float) -> list[list[Part]]:
    """Look at every process at once; what a look has found by the deadline stands, also when it is not over."""
    found: list[list[Part]] = [[] for _ in processes]
    threads = []
    for process, parts in zip(processes, found, strict=True):
        thread = threading.Thread(target=_gather, args=(look, process, parts), name="ziggurat-look", daemon=True)
        thread.start()
        threads.append(thread)
    for thread, parts in zip(threads, found, strict=True):
        thread.join(max(0.0, deadline - time.monotonic()))
        if thread.is_alive():
            parts.append(Part(title="the rest", problem="it took too long to tell"))
    return [list(parts) for parts in found]


def _gather(look: Callable[[Process], Iterable[Part]], process: Process, parts: list[Part]) -> None:
    try:
        for part in look(process):
            parts.append(part)  # noqa: PERF402 - what was found stands, also when the next part hangs
    except Exception as error:  # noqa: BLE001 - one process that cannot be looked at must not hide the others
        parts.append(Part(title="the rest", problem=f"{type(error).__name__}: {error}"))


def _bounded(look: Callable[[], T], deadline: float) -> T | None:
    """Return what a look finds, or None where it finds nothing in time."""
    found: list[T] = []

    def gather() -> None:
        try:
            found.append(look())
        except Exception:  # noqa: BLE001 - as in _gather
            return

    thread = threading.Thread(target=gather, name="ziggurat-look", daemon=True)
    thread.start()
    thread.join(max(0.0, deadline - time.monotonic()))
    return found[0] if found else None
