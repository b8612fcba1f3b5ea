"""Waiting for a condition: the one place where the toolkit passes time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from ziggurat.errors import ConditionTimeout

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

SHORTEST = 0.001  # seconds
SHARE = 0.02
"""A look costs processor time that what is waited for may need; in proportion it never costs more than this share."""


def interval(elapsed: float) -> float:
    """Return the seconds until the next look, after so many seconds of waiting."""
    return max(SHORTEST, SHARE * elapsed)


def wait_until(check: Callable[[], T], *, seconds: float, what: str) -> T:
    """Call ``check`` until it returns something true, and return that.

    Raises ``ConditionTimeout`` with what was seen last.
    """
    began = time.monotonic()
    while True:
        seen = check()
        elapsed = time.monotonic() - began
        if seen:
            return seen
        if elapsed > seconds:
            raise ConditionTimeout(what, seconds, seen)
        time.sleep(interval(elapsed))
