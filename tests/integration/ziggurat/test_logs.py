"""What services write: kept, bounded, and with the time at which it came."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

import pytest

from ziggurat import ConditionTimeout, Lease, LogLine, Notify, Service, Stack, Started, start, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ziggurat import RunningStack

    Program = Callable[..., tuple[str, ...]]

MIB = 1 << 20
FLOOD = 64


def running(lease: Lease, service: Service, folder: Path | None = None) -> RunningStack:
    """Start a stack of one service."""
    return start(Stack(name="logs", services=(service,)), lease=lease, log_folder=folder)


def disk_bytes(path: Path) -> int:
    """Return what a file takes of the disk."""
    return path.stat().st_blocks * 512


def test_a_flood_is_bounded_and_its_end_is_kept(lease: Lease, program: Program) -> None:
    """64 MiB at once into a log of 1 MiB: the service is never blocked, and its last line is there."""
    began = time.monotonic()
    service = Service(
        name="floods", command=program("flood_log", str(FLOOD)), ready=LogLine(pattern="^the last line$"), log_bound=MIB
    )
    with running(lease, service) as stack:
        log = stack["floods"].log
        elapsed = time.monotonic() - began

        assert log.size() > FLOOD * MIB
        wait_until(lambda: disk_bytes(log.path) < 4 * MIB, seconds=2, what="the rest to be given back to the disk")
        lines = log.lines()
        numbers = [int(line) for line in lines[1:-1]]
        assert lines[-1] == "the last line"
        assert numbers == list(range(numbers[0], FLOOD * MIB // 64))
        assert len(numbers) > MIB // 64 - 100
        assert log.tail(2) == (str(numbers[-1]).ljust(63), "the last line")
        assert elapsed < 10


def test_the_keeper_answers_during_a_flood(lease: Lease, program: Program) -> None:
    """It reads nothing of what is written."""
    service = Service(name="floods", command=program("flood_log", "64"), log_bound=MIB)
    with running(lease, service) as stack:
        slowest = 0.0
        while stack["floods"].log.size() < 64 * MIB:
            began = time.monotonic()
            lease.ask("list")
            slowest = max(slowest, time.monotonic() - began)
        stack["floods"].kill()

    assert slowest < 0.5


def test_marks_tell_when_each_part_came(lease: Lease, program: Program) -> None:
    """In rising order, between the spawn and now."""
    before = time.monotonic_ns()
    with running(lease, Service(name="speaks", command=program("write_in_parts"))) as stack:
        log = stack["speaks"].log
        log.wait_for("serving on port 12345")
        marks = wait_until(partial(_marks, lease, stack["speaks"].key, 2), seconds=2, what="two marks")

    (first, first_time), (second, second_time) = marks
    assert (first, second) == (0, len("serving on port 12"))
    assert before < first_time < second_time < time.monotonic_ns()
    assert second_time - first_time > 50_000_000


def _marks(lease: Lease, key: str, count: int) -> list[list[int]]:
    marks: list[list[int]] = lease.ask("log", service=key)["marks"]
    return marks if len(marks) >= count else []


def test_a_line_is_taken_when_it_is_whole(lease: Lease, program: Program) -> None:
    """Half a port number is another port."""
    service = Service(
        name="speaks",
        command=program("write_in_parts"),
        ready=LogLine(pattern=r"port (?P<http>\d+)(?: \((?P<version>v\d)\))?"),
    )
    with running(lease, service) as stack:
        assert stack["speaks"].log.whole_lines() == ["serving on port 12345 (v2)"]


def test_waiting_for_a_line_takes_whole_lines(lease: Lease, program: Program) -> None:
    """As the probe does."""
    with running(lease, Service(name="speaks", command=program("write_in_parts"))) as stack:
        assert stack["speaks"].log.wait_for(r"port (\d+)")[1] == "12345"
        with pytest.raises(ConditionTimeout):
            stack["speaks"].log.wait_for("never", seconds=0.05)


def test_stdout_and_stderr_are_one_log(lease: Lease) -> None:
    """In the order in which they were written."""
    service = Service(name="speaks", command=("/bin/sh", "-c", "echo out; echo err >&2; echo out again"))
    with running(lease, service) as stack:
        stack["speaks"].wait_ended(5)

        assert stack["speaks"].log.lines() == ["out", "err", "out again"]


def test_a_restart_writes_on(lease: Lease, program: Program) -> None:
    """What the first process said is still there."""
    service = Service(name="serves", command=program("serve", "127.0.0.1:0"), ready=Notify())
    with running(lease, service) as stack:
        stack["serves"].restart()

        assert len(stack["serves"].log.lines()) == 2
        assert len(stack["serves"].log.lines(stack["serves"].log_start)) == 1


def test_logs_go_where_they_were_asked_to_go(
    lease: Lease, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also by a path that begins at the present folder, which is not the keeper's; and they stay."""
    monkeypatch.chdir(tmp_path)
    logs = tmp_path / "logs"
    logs.mkdir()
    service = Service(name="serves", command=program("serve", "127.0.0.1:0"), ready=Notify())

    with running(lease, service, logs.relative_to(tmp_path)) as stack:
        path = stack["serves"].log.path
    assert path.parent == logs
    assert path.read_text().startswith("listening on port")


def test_a_log_folder_that_is_not_there_is_made(lease: Lease, program: Program, tmp_path: Path) -> None:
    """Nobody needs to prepare it."""
    service = Service(name="serves", command=program("serve", "127.0.0.1:0"), ready=Notify())

    with running(lease, service, tmp_path / "deep" / "logs") as stack:
        assert stack["serves"].log.lines() != []


def test_a_log_that_is_removed_meanwhile_hurts_nobody(lease: Lease, program: Program) -> None:
    """An impatient cleaner of temporary folders must not end a run."""
    service = Service(name="serves", command=program("serve", "127.0.0.1:0"), ready=Started())
    with running(lease, service) as stack:
        stack["serves"].log.wait_for("listening")
        stack["serves"].log.path.unlink()

        assert stack["serves"].log.lines() == []
        stack["serves"].restart()
        stack["serves"].log.wait_for("listening")
