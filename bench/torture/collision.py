"""No collision: many runs side by side, beside a program that uses up ephemeral ports."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bench.failure import MeasurementFailed
from bench.torture.finding import Finding
from bench.torture.scene import scene

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.torture.campaign import Campaign
    from bench.torture.scene import Scene

PROMISE = "no collision"
WHOLE, SHORT = 20_000, 1_600
"""Ports."""
RUNS = 8
SECONDS_A_PORT = 0.5
"""A run that needs longer than this hangs."""


def attempt(campaign: Campaign) -> Iterator[Finding]:
    """Have the runs start and stop stacks, and count the ports that two had at once."""
    wanted = campaign.amount(WHOLE, SHORT)
    with scene() as place:
        runs, churn = side_by_side(place, wanted)
    taken = [line for run in runs for line in run["taken"]]
    shared = [line for run in (*runs, churn) for line in run["shared"]]
    used, stacks = (sum(run[name] for run in runs) for name in ("ports", "stacks"))
    yield Finding(
        trial=f"{RUNS} runs beside a churn of ports",
        tried=f"{used:,} ports of {stacks:,} stacks, {churn['picked']:,} picked beside",
        measured=f"{len(taken)} collisions, {len(shared)} silently shared",
        goal="0 and 0",
        broken=(*taken, *shared),
    )


def side_by_side(place: Scene, wanted: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Run them all until so many ports were used; return what each run told, and the churn."""
    results = place.folder.parent
    claims = results / "claims"
    claims.mkdir()
    churn = place.start("-m", "bench.torture.churn", str(claims), str(results / "churn"))
    files = [results / f"run-{number}" for number in range(RUNS)]
    runs = [place.start("-m", "bench.torture.claim", str(claims), str(wanted // RUNS), str(file)) for file in files]
    for run in runs:
        if run.wait(wanted * SECONDS_A_PORT):
            raise MeasurementFailed(f"a run failed: {place.said()}")
    churn.terminate()
    churn.wait()
    return [json.loads(file.read_text()) for file in files], json.loads((results / "churn").read_text())
