"""What was asked for: how much is tried, and the one seed from which every choice follows."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import track

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """One run of the campaign; the same values make the same choices again."""

    seed: int
    short: bool = False
    asked: int | None = None
    """Trials of each row, instead of as many as it usually takes."""
    only: int | None = None
    """The one trial that is to be played again."""
    seconds: float = float("inf")
    """After which a row begins no further trial."""
    tests: tuple[str, ...] = ()
    """Paths of tests whose runs are to be killed, instead of programs that do all they can to stay."""

    def amount(self, whole: int, short: int) -> int:
        """Return how often, or how much, a row tries."""
        return self.asked or (short if self.short else whole)

    def numbers(self, whole: int, short: int) -> Iterator[int]:
        """Yield the numbers of the trials that a row makes, as long as there is time; a terminal shows how far."""
        began = time.monotonic()
        asked = [self.only] if self.only else range(1, self.amount(whole, short) + 1)
        terminal = Console(stderr=True)
        for number in track(
            asked, console=terminal, transient=True, refresh_per_second=2, disable=not terminal.is_terminal
        ):
            if time.monotonic() - began > self.seconds:
                return
            yield number

    def chance(self, row: str, number: int = 0) -> random.Random:
        """Return the choices of one trial, which are the same in whatever company it is made."""
        return random.Random(f"{self.seed}/{row}/{number}")  # noqa: S311 - it is to be known, not secret

    def replay(self, row: str, number: int) -> str:
        """Return the command that makes one trial again."""
        tests = " ".join(("--tests", *self.tests)) if self.tests else ""
        return f"python -m bench.torture {row} --seed {self.seed} --trial {number} {tests}".rstrip()
