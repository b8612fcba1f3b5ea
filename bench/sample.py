"""Many values of one thing, measured in turns with what it is compared with."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass(frozen=True, slots=True)
class Sample:
    """Values in the order in which they were measured; times are seconds."""

    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Iterable[float]) -> Sample:
        """Take values as they come."""
        return cls(tuple(values))

    @property
    def median(self) -> float:
        """The value in the middle."""
        return statistics.median(self.values)

    @property
    def quartiles(self) -> tuple[float, float]:
        """The values at a quarter and at three quarters."""
        if len(self.values) == 1:
            return self.values[0], self.values[0]
        low, _, high = statistics.quantiles(self.values, n=4, method="inclusive")
        return low, high

    def over(self, base: Sample) -> Sample:
        """Return the ratio of each round."""
        return Sample.of(mine / theirs for mine, theirs in zip(self.values, base.values, strict=True))

    def minus(self, base: Sample) -> Sample:
        """Return the difference of each round."""
        return Sample.of(mine - theirs for mine, theirs in zip(self.values, base.values, strict=True))


def alternately(rounds: int, *sides: Callable[[], float]) -> list[Sample]:
    """Measure each side once a round, the first side first in one round and last in the next.

    A first round, in which files and caches become warm, is not counted.
    """
    columns: list[list[float]] = [[] for _ in sides]
    for turn in range(rounds + 1):
        order = list(zip(sides, columns, strict=True))
        for side, column in order if turn % 2 else reversed(order):
            value = side()
            if turn:
                column.append(value)
    return [Sample.of(column) for column in columns]
