"""Reading the log of a service."""

from pathlib import Path

import pytest

from ziggurat.log import TAIL_BYTES, ServiceLog


@pytest.fixture
def log(tmp_path: Path) -> ServiceLog:
    """A log that does not exist yet."""
    return ServiceLog(tmp_path / "log")


def test_a_log_that_is_not_there_is_empty(log: ServiceLog) -> None:
    """Its service has not been started."""
    assert (log.size(), log.lines(), log.whole_lines(), log.tail()) == (0, [], [], ())


@pytest.mark.parametrize(
    ("data", "lines", "whole"),
    [
        (b"", [], []),
        (b"one", ["one"], []),
        (b"one\n", ["one"], ["one"]),
        (b"one\ntwo", ["one", "two"], ["one"]),
        (b"\n\n", ["", ""], ["", ""]),
        (b"one\r\ntwo\r\n", ["one", "two"], ["one", "two"]),
        (b"form\x0cfeed\x85\n", ["form\x0cfeed\N{REPLACEMENT CHARACTER}"], ["form\x0cfeed\N{REPLACEMENT CHARACTER}"]),
        (
            "line\N{LINE SEPARATOR}separator\n".encode(),
            ["line\N{LINE SEPARATOR}separator"],
            ["line\N{LINE SEPARATOR}separator"],
        ),
    ],
)
def test_only_a_line_feed_ends_a_line(log: ServiceLog, data: bytes, lines: list[str], whole: list[str]) -> None:
    """What is no text stays in its line."""
    log.path.write_bytes(data)

    assert log.lines() == lines
    assert log.whole_lines() == whole


def test_a_log_is_created_for_this_user_alone(log: ServiceLog) -> None:
    """Before anything is written: whoever appends to it later finds it there."""
    log.create()

    assert (log.path.read_bytes(), log.path.stat().st_mode & 0o777) == (b"", 0o600)


def test_a_log_that_is_there_stays_as_it_is(log: ServiceLog) -> None:
    """Its creation loses nothing."""
    log.path.write_bytes(b"said before")

    log.create()

    assert log.path.read_bytes() == b"said before"


def test_lines_from_an_offset_on(log: ServiceLog) -> None:
    """As a test sees what was written during it."""
    log.path.write_bytes(b"before\nduring\n")

    assert log.lines(since=7) == ["during"]
    assert log.lines(since=log.size()) == []


def test_a_tail_is_the_end(log: ServiceLog) -> None:
    """But never of before an offset."""
    log.path.write_bytes(b"a\nb\nc\n")

    assert log.tail(2) == ("b", "c")
    assert log.tail(0) == ()
    assert log.tail(2, since=4) == ("c",)


def test_a_tail_of_a_long_log_reads_little(log: ServiceLog) -> None:
    """The rest may be many MiB."""
    log.path.write_bytes(b"x" * (3 * TAIL_BYTES) + b"\nlast\n")

    assert log.tail(1) == ("last",)


def test_a_hole_is_left_out(log: ServiceLog) -> None:
    """It is what the keeper gave back to the disk."""
    with log.path.open("wb") as file:
        file.seek(1 << 20)
        file.write(b"kept\n")

    assert log.lines() == ["kept"]
    assert log.size() == (1 << 20) + 5
