"""A hang as a person reads it."""

from pathlib import Path

from ziggurat.hang.model import Hang, Looked, Part, Process
from ziggurat.report.hang import PART_SHOWN, PROCESSES_SHOWN, hang_text, hang_whole
from ziggurat.report.text import WIDTH


def process(pid: int, *parts: Part, command: str = "/bin/web") -> Looked:
    """Return what was found out about a process."""
    return Looked(process=Process(pid=pid, label="shop.web", command=command), parts=parts)


def hang(*processes: Looked, omitted: int = 0) -> Hang:
    """Return a hang of a test with one frame."""
    return Hang(
        test="t.py::test_it",
        reason="it was not over after 5 s",
        seconds=1.25,
        stacks=Part(title="stacks", lines=("Thread 1:", "  wait  t.py:3")),
        processes=processes,
        omitted=omitted,
    )


def test_the_test_stands_first_and_then_each_process() -> None:
    """A part that was not told says why."""
    found = hang(
        process(
            7,
            Part(title="state", lines=("sleeping, 1 threads",)),
            Part(title="threads", lines=("a: sleeping", "b: running")),
            Part(title="gdb", problem="it is not installed"),
        ),
        omitted=3,
    )

    expected = """\
t.py::test_it
it was not over after 5 s; looked at 1 processes in 1.2 s, 3 others were left out
stacks
  Thread 1:
    wait  t.py:3
shop.web (pid 7): /bin/web
  state: sleeping, 1 threads
  threads
    a: sleeping
    b: running
  gdb: not told, it is not installed
whole: /t/whole.txt"""
    assert hang_text(found, Path("/t/whole.txt")) == expected


def test_a_long_part_is_folded_and_stands_whole_in_the_file() -> None:
    """The terminal has 100 columns and little patience."""
    found = hang(process(7, Part(title="threads", lines=tuple(f"thread {n}" for n in range(50))), command="x" * 300))

    text = hang_text(found, "")
    assert f"    … {50 - PART_SHOWN} more lines" in text
    assert max(map(len, text.split("\n"))) <= WIDTH
    assert "thread 49" in hang_whole(found)
    assert "x" * 300 in hang_whole(found)


def test_of_many_processes_the_first_are_shown() -> None:
    """The others stand in the file."""
    found = hang(*(process(pid) for pid in range(PROCESSES_SHOWN + 2)))

    assert hang_text(found, "").endswith("\n2 more processes")
    assert f"(pid {PROCESSES_SHOWN + 1})" in hang_whole(found)
