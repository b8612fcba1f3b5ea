"""The log of a service, as the keeper sees it: its growth and its bound."""

import time
from itertools import pairwise
from pathlib import Path

import pytest

from ziggurat.keeper import kernel, logs
from ziggurat.keeper.logs import BLOCK, CLOSED, CLOSED_MARKS, MARKS, SLACK, ClosedLogs, Log

BOUND = 1 << 20


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the log is."""
    return tmp_path / "log"


def write(path: Path, data: bytes) -> None:
    """Append as a service does."""
    with path.open("ab") as file:
        file.write(data)


def test_growth_is_seen_once(path: Path) -> None:
    """And told as such."""
    log = Log(str(path), BOUND)
    write(path, b"line\n")

    assert (log.grew(), log.grew()) == (True, False)
    assert log.size == 5
    log.close()


def test_what_was_there_before_is_no_growth(path: Path) -> None:
    """A file may be written on."""
    write(path, b"of yesterday\n")
    log = Log(str(path), BOUND)

    assert not log.grew()
    assert log.size == 13
    log.close()


def test_marks_tell_when_bytes_were_first_seen(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that come within a millisecond share one."""
    moments = iter([0, 500_000, 2_000_000])
    log = Log(str(path), BOUND)
    monkeypatch.setattr(time, "monotonic_ns", lambda: next(moments))
    for data in (b"aa", b"bb", b"cc"):
        write(path, data)
        log.grew()

    assert log.marks() == [(0, 0), (4, 2_000_000)]
    log.close()


def test_the_oldest_part_is_given_back_to_the_disk(path: Path) -> None:
    """In whole blocks; the size stays, and so does every offset."""
    log = Log(str(path), BOUND)
    write(path, b"x" * (BOUND + SLACK + 2 * BLOCK + 1))
    log.grew()

    assert log.dropped == SLACK + 2 * BLOCK
    assert path.stat().st_size == BOUND + SLACK + 2 * BLOCK + 1
    assert path.stat().st_blocks * 512 <= BOUND + 2 * BLOCK
    log.close()


def test_a_log_within_its_bound_is_left_alone(path: Path) -> None:
    """Up to the slack that saves calls of the kernel."""
    log = Log(str(path), BOUND)
    write(path, b"x" * (BOUND + SLACK))
    log.grew()

    assert log.dropped == 0
    log.close()


def test_marks_of_what_was_dropped_are_dropped(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They tell of bytes that are no more."""
    moments = iter(range(0, 100_000_000, 2_000_000))
    log = Log(str(path), BOUND)
    monkeypatch.setattr(time, "monotonic_ns", lambda: next(moments))
    for _ in range(6):
        write(path, b"x" * BOUND)
        log.grew()

    offsets = [offset for offset, _ in log.marks()]
    assert offsets
    assert all(offset >= log.dropped for offset in offsets)
    assert all(earlier < later for earlier, later in pairwise(offsets))
    log.close()


def test_a_file_system_without_holes_keeps_everything(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More disk, nothing lost, and no further try."""
    tries = []

    def refuse(*arguments: int) -> None:
        tries.append(arguments)
        raise OSError

    monkeypatch.setattr(kernel, "punch_hole", refuse)
    log = Log(str(path), BOUND)
    for _ in range(3):
        write(path, b"x" * 2 * (BOUND + SLACK))
        log.grew()

    assert len(tries) == 1
    assert log.dropped == 0
    log.close()


def test_marks_are_bounded(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that writes for days must not fill the keeper."""
    moment = iter(range(0, 10 * MARKS * 2_000_000, 2_000_000))
    log = Log(str(path), BOUND)
    monkeypatch.setattr(logs, "MARKS", 50)
    monkeypatch.setattr(time, "monotonic_ns", lambda: next(moment))
    for _ in range(120):
        write(path, b"x")
        log.grew()

    assert 20 <= len(log.marks()) <= 51
    assert log.marks()[-1][0] == 119
    log.close()


def test_marks_can_be_asked_for_from_an_offset_on(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the one that tells of the byte at the offset."""
    moments = iter(range(0, 8_000_000, 2_000_000))
    monkeypatch.setattr(time, "monotonic_ns", lambda: next(moments))
    log = Log(str(path), BOUND)
    for _ in range(3):
        write(path, b"xx")
        log.grew()

    assert log.marks(3) == [(2, 2_000_000), (4, 4_000_000)]
    assert log.marks(4) == [(4, 4_000_000)]
    log.close()


def test_marks_of_closed_logs_are_kept_for_a_while(tmp_path: Path) -> None:
    """Of the latest logs, and of each the latest marks."""
    closed = ClosedLogs()
    for number in range(CLOSED + 1):
        log = Log(str(tmp_path / str(number)), BOUND)
        log._marks = [(mark, mark) for mark in range(CLOSED_MARKS + 1)]
        closed.add(log)
        log.close()

    assert closed.marks(str(tmp_path / "0")) == []
    assert closed.marks(str(tmp_path / "1")) == [(mark, mark) for mark in range(1, CLOSED_MARKS + 1)]
