"""The life that a trial of survival cuts short: a stack is started, runs, and is stopped; each step is told.

    python -m bench.torture.life FILE KIND...      a plain program that owns its stack
    LIFE="FILE KIND..." pytest life_in_tests.py    the same in tests, one for each worker

Steps are appended to FILE as lines `step pid`. Running goes on until FILE.go exists.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ziggurat import FREE, Ask, Notify, Service, Stack, own, start, wait_until

PROGRAMS = Path(__file__).resolve().parents[2] / "tests" / "programs"
PYTHON = (sys.executable, "-S", "-E")
"""Without site-packages: a trial is to spend its time in what is tried."""
STARTING, RUNNING, STOPPING, OVER = "starting", "running", "stopping", "over"
STUBBORN_SECONDS = 0.2
PATIENCE = 60.0


def stack(*kinds: str) -> Stack:
    """Return services of which one has such descendants, one ignores SIGTERM and one stands still."""
    return Stack(
        name="life",
        services=(
            Service(name="family", command=program("leave_family", *kinds), ready=Notify()),
            Service(name="web", command=program("serve", "{http}"), ports={"http": FREE}, ready=Notify()),
            Service(name="still", command=program("stop_itself"), ready=Notify()),
            Service(
                name="stubborn",
                command=program("ignore_sigterm"),
                ready=Notify(),
                stop=(Ask(seconds=STUBBORN_SECONDS),),
            ),
        ),
    )


def program(name: str, *words: str) -> tuple[str, ...]:
    """Return the command line of one of the programs that misbehave."""
    return (*PYTHON, str(PROGRAMS / f"{name}.py"), *words)


class Teller:
    """Writes down the steps of a life."""

    def __init__(self, file: Path) -> None:
        """Write to this file."""
        self._file = file

    def tell(self, step: str) -> None:
        """Write down one step and who makes it."""
        with self._file.open("a") as file:
            file.write(f"{step} {os.getpid()}\n")

    def await_going(self) -> None:
        """Wait until the stack is to be stopped."""
        wait_until(Path(f"{self._file}.go").exists, seconds=PATIENCE, what="the end of running")


def main(words: list[str]) -> None:
    """Live once."""
    teller = Teller(Path(words[0]))
    teller.tell(STARTING)
    with own() as lease:
        running = start(stack(*words[1:]), lease=lease)
        teller.tell(RUNNING)
        teller.await_going()
        teller.tell(STOPPING)
        running.stop()
        lease.end()
    teller.tell(OVER)


if __name__ == "__main__":
    main(sys.argv[1:])
