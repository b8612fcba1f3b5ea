"""No blockage: a service that writes as fast as it can is never held up, and its log stays within its bound."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from bench.torture.finding import Finding
from bench.torture.life import program
from bench.torture.scene import at_home_in, scene
from ziggurat import ConditionTimeout, Service, Stack, own, start
from ziggurat.keeper.logs import SLACK
from ziggurat.spec import LOG_BOUND
from ziggurat.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.torture.campaign import Campaign
    from ziggurat import ServiceLog

PROMISE = "no blockage"
WHOLE, SHORT = 1024, 256
"""MiB."""
MEBIBYTE = 1 << 20
HELD_UP_SECONDS = 0.5
"""The longest that one write may take on processors that others use too."""
SETTLING_SECONDS = 2.0
BOUND = LOG_BOUND + 2 * SLACK
"""Bytes: the bound, what is given back at a time, and one block at either end."""
LAST = "the last line"
LINES = 1 << 14
"""In each batch of flood_both.py, which is a MiB."""
FLOOD_SECONDS = 120.0


def attempt(campaign: Campaign) -> Iterator[Finding]:
    """Have a service write to both of its outputs."""
    size = campaign.amount(WHOLE, SHORT)
    service = Service(name="floods", command=program("flood_both", str(size)), stop=())
    with scene() as place, at_home_in(place), own() as lease:
        began = time.monotonic()
        running = start(Stack(name="flood", services=(service,)), lease=lease)
        log = running["floods"].log
        peak = await_flood(log, size * MEBIBYTE)
        yield found(log, time.monotonic() - began, peak)
        running.stop()
        lease.end()


def await_flood(log: ServiceLog, size: int) -> int:
    """Wait until all was written; return the most that the log took of the disk meanwhile."""
    peak = 0

    def is_over() -> bool:
        nonlocal peak
        peak = max(peak, disk_bytes(log.path))
        return log.size() > size

    wait_until(is_over, seconds=FLOOD_SECONDS, what="the end of the flood")
    return peak


def found(log: ServiceLog, seconds: float, peak: int) -> Finding:
    """Read what it says of itself in its last line, and what its log takes of the disk."""
    told = json.loads(log.wait_for(f"^{LAST} (.*)$")[1])
    lines = log.whole_lines()[1:-1]
    broken = []
    if not settles(log):
        broken.append(f"the log takes {disk_bytes(log.path) / MEBIBYTE:.0f} MiB of the disk")
    if told["longest_write"] > HELD_UP_SECONDS:
        broken.append(f"a write took {told['longest_write']:.2f} s")
    if not is_whole(lines, told["batches"]):
        broken.append("lines are missing before the last one")
    held = f"{disk_bytes(log.path) / MEBIBYTE:.1f} MiB of disk (at most {peak / MEBIBYTE:.0f} meanwhile)"
    return Finding(
        trial="a flood to stdout and stderr",
        tried=f"{log.size() / MEBIBYTE:,.0f} MiB in {seconds:.1f} s",
        measured=f"longest write {told['longest_write'] * 1000:.0f} ms, {held}, the last {len(lines):,} lines whole",
        goal=f"≤ {HELD_UP_SECONDS * 1000:.0f} ms, ≤ {BOUND / MEBIBYTE:.0f} MiB, the last lines",
        broken=tuple(broken),
    )


def settles(log: ServiceLog) -> bool:
    """Say whether the log comes to be within its bound once nobody writes."""
    try:
        wait_until(lambda: disk_bytes(log.path) <= BOUND, seconds=SETTLING_SECONDS, what="the log within its bound")
    except ConditionTimeout:
        return False
    return True


def is_whole(lines: list[str], batches: int) -> bool:
    """Say whether these are the last lines of all batches, without a gap."""
    last = batches * LINES
    expected = (f"{number // LINES:010d} {number % LINES}" for number in range(last - len(lines), last))
    return len(lines) > LINES and all(line.rstrip() == text for line, text in zip(lines, expected, strict=True))


def disk_bytes(path: Path) -> int:
    """Return what a file takes of the disk."""
    return path.stat().st_blocks * 512
