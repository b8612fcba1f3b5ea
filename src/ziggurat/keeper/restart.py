"""When a service that failed is started again."""

from __future__ import annotations

FIRST_DELAY = 0.1  # seconds: short enough for a person not to notice, long enough not to spin
LONGEST_DELAY = 5.0
NEVER = "never"
ON_FAILURE = "on_failure"


def delay(policy: str, exit_status: int, failures: int) -> float | None:
    """Return the seconds to wait before the next start, or None where there is none.

    ``exit_status`` is the exit code, or minus the signal; ``failures`` counts those in a row before this one.
    """
    if policy != ON_FAILURE or exit_status == 0:
        return None
    return min(LONGEST_DELAY, FIRST_DELAY * (1 << min(failures, 16)))
