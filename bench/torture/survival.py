"""Nothing survives: SIGKILL of each in turn, at any moment, under programs that do all they can to stay."""

from __future__ import annotations

import os
import signal
import statistics
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.failure import MeasurementFailed
from bench.torture.death import VICTIMS, Death
from bench.torture.finding import Finding
from bench.torture.scene import Expected, await_gone, scene
from bench.torture.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.torture.campaign import Campaign

PROMISE = "nothing survives"
WHOLE, SHORT = 1000, 48
MEDIAN_SECONDS = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one trial left, and when the last of it was gone."""

    death: Death
    seconds: float
    broken: str
    """What was left, and how to see it again; empty where nothing was."""


def attempt(campaign: Campaign) -> Iterator[Finding]:
    """Kill each in turn and count what is left."""
    outcomes: list[Outcome] = []
    # Whoever interrupts it sees what came of it so far.
    with suppress(KeyboardInterrupt):
        outcomes.extend(filter(None, (tried(number, campaign) for number in campaign.numbers(WHOLE, SHORT))))
    if not outcomes:
        raise MeasurementFailed("not one trial came to its moment")
    for victim in VICTIMS:
        theirs = [outcome for outcome in outcomes if outcome.death.victim == victim]
        if theirs:
            yield found(victim, theirs)


def tried(number: int, campaign: Campaign) -> Outcome | None:
    """Make one trial; None where its moment did not come, which says nothing of what would have been left."""
    try:
        return one(number, campaign)
    except MeasurementFailed as error:
        print(f"not tried: {error}", file=sys.stderr, flush=True)
        return None


def one(number: int, campaign: Campaign) -> Outcome:
    """Let a program begin, cut it short and see what is left."""
    chance = campaign.chance("survival", number)
    death = Death.during(campaign.tests, number, chance) if campaign.tests else Death.drawn(number, chance)
    with scene() as place:
        subject = Subject(place, death)
        victim = subject.await_moment()
        expected = subject.expected(victim)
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
        seconds, left = await_gone(place, expected)
        subject.kill()
        # What was spared goes too in the end, and then nothing comes of it any more.
        _, after = await_gone(place, Expected(ports=expected.ports))
    again = f"{death}: {'; '.join(left or after)} ({campaign.replay('survival', number)})"
    broken = again if left or after else ""
    if broken:
        print(broken, file=sys.stderr, flush=True)
    return Outcome(death=death, seconds=seconds, broken=broken)


def found(victim: str, outcomes: list[Outcome]) -> Finding:
    """Sum up the deaths of one victim."""
    median = statistics.median(outcome.seconds for outcome in outcomes)
    slowest = max(outcome.seconds for outcome in outcomes)
    broken = [outcome.broken for outcome in outcomes if outcome.broken]
    late = [f"the median was gone after {median * 1000:.0f} ms"] if median > MEDIAN_SECONDS else []
    steps = Counter(outcome.death.step for outcome in outcomes)
    return Finding(
        trial=f"SIGKILL of the {victim}",
        tried=f"{len(outcomes)} ({', '.join(f'{count} {step}' for step, count in sorted(steps.items()))})",
        measured=f"{len(broken)} left something; gone after {median * 1000:.0f} ms, at most {slowest * 1000:.0f}",
        goal=f"0 after 2 s; median ≤ {MEDIAN_SECONDS * 1000:.0f} ms",
        broken=(*broken, *late),
    )
