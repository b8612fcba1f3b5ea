"""When a process that ended is started again: pauses that grow, and a breaker that opens.

A pause doubles with each failure in a row up to a longest one, and is up to a fifth shorter or longer, so that many
that fail together do not come back together. A process that ran long enough begins anew. The breaker opens with as
many failures as its window allows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

JITTER = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartPolicy:
    """The settings of it."""

    first: timedelta = timedelta(seconds=1)
    longest: timedelta = timedelta(seconds=30)
    reset: timedelta = timedelta(seconds=60)
    """A run that lasts so long clears the failures before it."""
    most_failures: int = 5
    window: timedelta = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """The failures that still count."""

    in_row: int = 0
    at: tuple[float, ...] = ()
    """Moments within the window, on the monotonic clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is to be done after a failure."""

    failures: Failures
    pause: float | None
    """Seconds until the next start; None where the breaker has opened."""


def judge(policy: RestartPolicy, before: Failures, *, ran: float, now: float, chance: float) -> Verdict:
    """Say when to start again what failed now, after it ran so many seconds; `chance` is from 0 to 1."""
    if ran >= policy.reset.total_seconds():
        before = Failures()
    recent = (*(moment for moment in before.at if now - moment < policy.window.total_seconds()), now)
    failures = replace(before, in_row=before.in_row + 1, at=recent)
    if len(recent) >= policy.most_failures:
        return Verdict(failures=failures, pause=None)
    return Verdict(failures=failures, pause=pause(policy, failures.in_row, chance))


def pause(policy: RestartPolicy, in_row: int, chance: float) -> float:
    """Return the seconds before a start that follows so many failures in a row."""
    longest = policy.longest.total_seconds()
    # Beyond 2^30 times the first pause nothing but the longest is meant, and the power would become huge.
    plain: float = min(policy.first.total_seconds() * 2.0 ** min(in_row - 1, 30), longest)
    return plain * (1 + JITTER * (2 * chance - 1))
