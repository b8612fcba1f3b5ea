"""One line of a table: what was measured, what it is compared with, and whether that is good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.sample import Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """How values are written: multiplied by a factor, with so many decimals and a name."""

    name: str
    factor: float = 1.0
    decimals: int = 2

    def write(self, value: float) -> str:
        """Return a value for people."""
        return f"{value * self.factor:.{self.decimals}f} {self.name}".rstrip()


MILLISECONDS = Unit(name="ms", factor=1e3)
MICROSECONDS = Unit(name="µs", factor=1e6, decimals=0)
SECONDS = Unit(name="s")
TIMES = Unit(name="x")
MEBIBYTES = Unit(name="MiB", factor=1 / (1 << 20), decimals=1)
PER_SECOND = Unit(name="/s", decimals=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A figure to stay at or below; between ``at_most`` and ``miss_over`` it is fair, but not the aim."""

    at_most: float
    miss_over: float | None = None

    def judge(self, figure: float) -> str:
        """Return what is to be said of a figure."""
        if figure <= self.at_most:
            return "met"
        if self.miss_over is not None and figure <= self.miss_over:
            return "short of the aim"
        return "missed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A figure, and the samples that it comes from."""

    what: str
    unit: Unit = SECONDS
    """Of the samples."""
    ours: Sample | None = None
    base: Sample | None = None
    figure: float | None = None
    figures: Sample | None = None
    """The figure of each round, for its spread."""
    figure_unit: Unit = TIMES
    goal: Goal | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        """Say how the figure stands to its goal."""
        return self.goal.judge(self.figure) if self.goal and self.figure is not None else ""


def ratio(what: str, ours: Sample, base: Sample, *, unit: Unit = MILLISECONDS, goal: Goal | None = None) -> Row:
    """Compare two samples by the ratio of their medians."""
    return Row(
        what=what,
        unit=unit,
        ours=ours,
        base=base,
        figure=ours.median / base.median,
        figures=ours.over(base),
        figure_unit=TIMES,
        goal=goal,
    )


def difference(what: str, ours: Sample, base: Sample, *, unit: Unit = MILLISECONDS, goal: Goal | None = None) -> Row:
    """Compare two samples by the difference of their medians."""
    return Row(
        what=what,
        unit=unit,
        ours=ours,
        base=base,
        figure=ours.median - base.median,
        figures=ours.minus(base),
        figure_unit=unit,
        goal=goal,
    )


def alone(what: str, ours: Sample, *, unit: Unit, goal: Goal | None = None, note: str = "") -> Row:
    """State a sample that is compared with nothing but its goal."""
    return Row(
        what=what, unit=unit, ours=ours, figure=ours.median, figures=ours, figure_unit=unit, goal=goal, note=note
    )
