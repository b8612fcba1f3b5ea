"""Try to break each promise of the toolkit, and print a table of what came of it.

    python -m bench.torture [ROW ...] [--short | --trials N] [--minutes N] [--seed S [--trial N]] [--tests PATH ...]

survival   nothing survives: SIGKILL of controller, worker, keeper and warden at any moment
collision  8 runs side by side start and stop stacks, beside a program that uses up ephemeral ports
drift      starts and stops in one process: descriptors, threads, memory and files stay what they were
blockage   a service writes to stdout and stderr at full speed
ready      programs that are nearly ready: each is named for what it is
hang       deadlocked and stopped services, stuck teardowns: each ends in its time and says why
shared     8 workers over one stack, of which one that is inside a test is killed every 2 s

Every choice follows from one seed, which is printed; with it a row makes the same choices again, and `--trial` plays
one trial again that broke a promise. The exit code is 1 where one was broken. `python -m bench.torture.planted` plants
bugs in a copy of the toolkit, and proves that the rows see them.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import random
import sys
import time
from typing import TYPE_CHECKING

from bench.failure import MeasurementFailed
from bench.torture import blockage, collision, drift, false_ready, hang, sharing, survival, table
from bench.torture.campaign import Campaign
from ziggurat import ZigguratError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bench.torture.finding import Finding

    Attempt = Callable[[Campaign], Iterable[Finding]]

ROWS: dict[str, tuple[str, Attempt]] = {
    "survival": (survival.PROMISE, survival.attempt),
    "collision": (collision.PROMISE, collision.attempt),
    "drift": (drift.PROMISE, drift.attempt),
    "blockage": (blockage.PROMISE, blockage.attempt),
    "ready": (false_ready.PROMISE, false_ready.attempt),
    "hang": (hang.PROMISE, hang.attempt),
    "shared": (sharing.PROMISE, sharing.attempt),
}


def main(words: list[str]) -> int:
    """Try what was asked for and return the exit code."""
    chosen = _parse(words)
    seed = chosen.seed if chosen.seed is not None else random.randrange(1 << 32)  # noqa: S311 - no secret
    campaign = Campaign(
        seed=seed,
        short=chosen.short,
        asked=chosen.trials,
        only=chosen.trial,
        seconds=chosen.minutes * 60,
        tests=tuple(chosen.tests),
    )
    print(f"seed {seed}; {os.cpu_count()} cores, Linux {platform.release()}, load {os.getloadavg()[0]:.2f}", flush=True)
    kept = [_try(name, campaign) for name in chosen.rows or ROWS]
    return 0 if all(kept) else 1


def _try(name: str, campaign: Campaign) -> bool:
    """Try to break one promise and print what came of it; say whether it was kept."""
    promise, attempt = ROWS[name]
    began = time.monotonic()
    try:
        findings = list(attempt(campaign))
    except (MeasurementFailed, ZigguratError) as error:
        print(f"{name} could not be tried: {error}", file=sys.stderr)
        return False
    table.show(f"{name}: {promise} ({time.monotonic() - began:.0f} s)", findings)
    return not any(finding.broken for finding in findings)


def _parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench.torture", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"what to try: {', '.join(ROWS)}")
    amount = parser.add_mutually_exclusive_group()
    amount.add_argument("--short", action="store_true", help="fewer trials: a few minutes in all, for every change")
    amount.add_argument("--trials", type=int, help="so many trials of each row")
    parser.add_argument("--seed", type=int, help="make the choices of an earlier run")
    parser.add_argument("--trial", type=int, help="of each row only this trial")
    parser.add_argument("--minutes", type=float, default=math.inf, help="survival: begin no trial after so many")
    parser.add_argument("--tests", nargs="+", default=[], metavar="PATH", help="survival: kill runs of these tests")
    chosen = parser.parse_args(words)
    unknown = set(chosen.rows) - ROWS.keys()
    if unknown:
        parser.error(f"there is no row {', '.join(sorted(unknown))}")
    return chosen


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
