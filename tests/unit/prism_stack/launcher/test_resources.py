"""What a process takes, read from files of the kernel's form."""

import os
from pathlib import Path

import pytest

from prism_stack.launcher.resources import PAGE, TICK, Usage, usage

MEGABYTE = 1 << 20


def told(proc: Path, pid: int, statm: str, stat: str) -> Path:
    """Write what the kernel says of a process."""
    folder = proc / str(pid)
    folder.mkdir()
    (folder / "statm").write_text(statm)
    (folder / "stat").write_text(stat)
    return proc


def test_memory_and_time_are_the_processes_own(tmp_path: Path) -> None:
    """Whatever its name is."""
    ticks = round(1 / TICK)
    stat = f"7 (a ) R (b) S 1 7 7 0 -1 0 0 0 0 0 {3 * ticks} {2 * ticks} 0 0 20 0 1 0 5 0 0\n"
    proc = told(tmp_path, 7, f"999 {5 * MEGABYTE // PAGE} 1 1 0 1 0\n", stat)

    assert usage(7, 10.0, proc) == Usage(memory_mb=5, cpu_percent=50.0)


@pytest.mark.parametrize(("statm", "stat"), [("", ""), ("1", "7 (a) S"), ("x y", "z")])
def test_of_a_process_that_is_going_there_is_nothing(tmp_path: Path, statm: str, stat: str) -> None:
    """Nor of one that is gone."""
    assert usage(7, 1.0, told(tmp_path, 7, statm, stat)) == Usage()
    assert usage(8, 1.0, tmp_path) == Usage()


def test_a_process_that_was_just_born_has_taken_no_infinite_share() -> None:
    """Its age is at least a tick; this very process is one of many megabytes."""
    found = usage(os.getpid(), 0.0)

    assert 0 <= found.cpu_percent < 1e9
    assert found.memory_mb > 5
