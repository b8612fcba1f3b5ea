"""Measure release builds and print a table for each measurement.

    python -m bench [NAME ...] [--rounds N] [--short]

stack     a proxy and a runner, from start to the first answered call through the proxy
redis     redis-server, from start to the first PONG and to its end (where it is installed)
peers     the same servers started and ended by Ziggurat, mirakuru, pytest-xprocess and honcho
keeper    what a spawn through the keeper costs, and how soon an exit is seen
pytest    what an integration test, the plugin and the unit tier cost
full      the whole Prism: `prismctl local start`, a namespace made usable, a pattern launched
admin     prism-admin: heartbeats a second, 10,000 namespaces beside 100, and a move of thousands
proxy     one call through the proxy, 64 at a time, and what the proxy holds beside a slow reader

Two things that are compared are measured alternately in one run, in turns that begin with either, and both end at the
same answered call: a machine that is busy with something else then slows both. Read ratios and differences; the
absolute times are of this machine at this moment. `ours` and `base` are medians, `spread` the quartiles of the figure
over the rounds, and `limit` a bare loop that does nothing but spawn the same programs and look every millisecond.
Where the processors are shared, `chrt -r 1 python -m bench` (as root) puts both sides before everybody else.

A goal that is missed is no error: the exit code is 1 only where something could not be measured.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from typing import TYPE_CHECKING

from bench import admin, full, keeper, peers, plugin, proxy, redis, stack, table
from bench.effort import Effort
from bench.failure import MeasurementFailed
from ziggurat import ZigguratError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bench.row import Row

MEASUREMENTS: dict[str, Callable[[Effort], Iterable[Row]]] = {
    "stack": stack.measure,
    "redis": redis.measure,
    "peers": peers.measure,
    "keeper": keeper.measure,
    "pytest": plugin.measure,
    "proxy": proxy.measure,
    "full": full.measure,
    "admin": admin.measure,
}


def main(words: list[str]) -> int:
    """Measure what was asked for and return the exit code."""
    chosen = _parse(words)
    effort = Effort(asked=chosen.rounds, short=chosen.short)
    print(_machine())
    measured = [_run(name, effort) for name in chosen.names or MEASUREMENTS]
    return 0 if all(measured) else 1


def _run(name: str, effort: Effort) -> bool:
    """Measure one thing and print its table; say whether it could be measured."""
    try:
        rows = list(MEASUREMENTS[name](effort))
    except (MeasurementFailed, ZigguratError) as error:
        print(f"{name} could not be measured: {error}", file=sys.stderr)
        return False
    table.show(name, rows)
    return True


def _parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure: {', '.join(MEASUREMENTS)}")
    parser.add_argument("--rounds", type=int, help="how often each thing is measured")
    parser.add_argument("--short", action="store_true", help="fewer rounds, less data: a look, not a result")
    chosen = parser.parse_args(words)
    unknown = set(chosen.names) - MEASUREMENTS.keys()
    if unknown:
        parser.error(f"there is no measurement {', '.join(sorted(unknown))}")
    return chosen


def _machine() -> str:
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    return f"{os.cpu_count()} cores, Linux {platform.release()}, Python {platform.python_version()}, load {load}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
