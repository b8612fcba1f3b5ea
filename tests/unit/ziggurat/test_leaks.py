"""Who is left after a test, of processes that are only made up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import cast

import pytest

from ziggurat import leaks
from ziggurat.leaks import TAG, Known, LeakDetector

DAEMON, KERNEL_THREAD = 900, 901
STARTED = 7


@dataclass
class FakeProcesses:
    """The daemon is in the middle of an exec for so many looks; then it has its words and its variables."""

    looks_without_memory: int
    tag: str = ""
    everyone: list[int] = field(default_factory=lambda: [DAEMON])
    KEEPER_NAMES: tuple[str, ...] = ()
    RUN_VARIABLE: str = "RUN"
    looked: int = 0

    def every_pid(self) -> list[int]:
        """Return who is there; one look begins."""
        self.looked += 1
        return self.everyone

    def start_time(self, pid: int) -> int:
        """Return the same for all."""
        del pid
        return STARTED

    def children(self, pid: int) -> list[int]:
        """Return none: a daemon is nobody's child any more."""
        del pid
        return []

    def parent(self, pid: int) -> int:
        """Return the kernel's own parent of threads for its threads, and init for the daemon."""
        return {KERNEL_THREAD: 2, DAEMON: 1}.get(pid, 0)

    def environment(self, pid: int) -> dict[str, str]:
        """Return the tag, once the daemon has memory to keep it in."""
        return {TAG: self.tag} if pid == DAEMON and self.looked > self.looks_without_memory else {}

    def has_no_memory(self, pid: int) -> bool:
        """Say whether it is between two programs, or a thread of the kernel, which never has any."""
        return pid == KERNEL_THREAD or self.looked <= self.looks_without_memory

    def name(self, pid: int) -> str:
        """Return what is no keeper's."""
        return f"made up {pid}"

    def command(self, pid: int) -> str:
        """Return what no pattern allows."""
        return f"made up {pid}"


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> Callable[[FakeProcesses], list[Known]]:
    """Gives who is left among made-up processes, and how often was looked."""

    def found(fake: FakeProcesses) -> list[Known]:
        monkeypatch.setattr(leaks, "processes", fake)
        monkeypatch.setattr(leaks, "RECHECK", 0.0)
        config = cast("pytest.Config", SimpleNamespace(getini=lambda _: []))
        detector = LeakDetector(config, lambda _: True)
        fake.tag = detector._tag
        try:
            return detector._left([])
        finally:
            detector.pytest_unconfigure()

    return found


def test_a_daemon_in_the_middle_of_its_exec_is_waited_for(left: Callable[[FakeProcesses], list[Known]]) -> None:
    """Its new program has no variables yet by which it could be known, though its parent has gone on."""
    fake = FakeProcesses(looks_without_memory=3)

    assert left(fake) == [Known(DAEMON, STARTED)]


def test_a_thread_of_the_kernel_is_not_waited_for(left: Callable[[FakeProcesses], list[Known]]) -> None:
    """It never has words nor variables, and comes and goes as the kernel likes."""
    fake = FakeProcesses(looks_without_memory=0, everyone=[KERNEL_THREAD])

    assert left(fake) == []
    assert fake.looked <= 2
