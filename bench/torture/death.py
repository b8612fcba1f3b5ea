"""Who is killed in a trial of survival, at which moment, and over what programs: drawn, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.torture.life import RUNNING, STARTING, STOPPING

if TYPE_CHECKING:
    from random import Random

CONTROLLER, WORKER, KEEPER, WARDEN = VICTIMS = ("controller", "worker", "keeper", "warden")
KINDS = ("child", "session", "daemon", "bare", "stubborn", "still", "nomad", "crowd")
MOMENTS = {STARTING: 0.3, RUNNING: 0.1, STOPPING: 0.35}
"""The step after which the victim is killed, and the seconds within which: about as long as the step takes."""
WORKING, WORK_SECONDS = "working", 0.5
"""Of a run of other tests, of which nobody tells the steps."""
ITS_VICTIMS = (CONTROLLER, KEEPER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """One of them."""

    victim: str
    step: str
    seconds: float
    """After the step has begun."""
    kinds: tuple[str, ...] = ()
    """Descendants that a service of the run has."""
    tests: tuple[str, ...] = ()
    """Or the tests that are run."""

    @classmethod
    def drawn(cls, number: int, chance: Random) -> Death:
        """Draw everything but the victim, who comes in turn."""
        step = chance.choice(list(MOMENTS))
        return cls(
            victim=VICTIMS[number % len(VICTIMS)],
            step=step,
            seconds=chance.uniform(0, MOMENTS[step]),
            kinds=tuple(kind for kind in KINDS if chance.choice((True, False))),
        )

    @classmethod
    def during(cls, tests: tuple[str, ...], number: int, chance: Random) -> Death:
        """Draw the moment at which a run of other tests is killed, or its keeper."""
        victim = ITS_VICTIMS[number % len(ITS_VICTIMS)]
        return cls(victim=victim, step=WORKING, seconds=chance.uniform(0, WORK_SECONDS), tests=tests)

    @property
    def is_of_tests(self) -> bool:
        """Whether pytest is what runs."""
        return bool(self.tests) or self.victim in {CONTROLLER, WORKER}

    def __str__(self) -> str:
        """Say it in a line."""
        over = " ".join(self.tests or self.kinds) or "nobody"
        return f"{self.victim} {self.seconds * 1000:.0f} ms into {self.step}, over {over}"
