"""The part of a failure report that tells what services wrote."""

from pathlib import Path

from ziggurat.report.text import LINES_SHOWN, LogExcerpt, log_section


def excerpt(service: str, *lines: str, state: str = "running") -> LogExcerpt:
    """Return an excerpt of a log at /logs."""
    return LogExcerpt(service=service, state=state, lines=lines, path=Path("/logs") / service)


def test_lines_stand_below_their_service() -> None:
    """With a bar before them, as everywhere."""
    assert log_section([excerpt("web", "one", "two")]).splitlines() == ["web (running) wrote:", "  | one", "  | two"]


def test_a_service_that_wrote_nothing_says_so() -> None:
    """A missing section could mean that nobody looked."""
    assert log_section([excerpt("web")]) == "web (running) wrote nothing"


def test_who_has_ended_stands_first() -> None:
    """It is most likely the reason; the others follow by name."""
    text = log_section([excerpt("c"), excerpt("b"), excerpt("d", state="exited with code 3")])

    assert [line.split()[0] for line in text.splitlines()] == ["d", "b", "c"]


def test_a_long_log_is_cut_at_its_beginning() -> None:
    """And the place of the rest is told."""
    lines = log_section([excerpt("web", *map(str, range(100)))]).splitlines()

    assert lines[1] == f"  … {100 - LINES_SHOWN} earlier lines: /logs/web"
    assert lines[2:] == [f"  | {number}" for number in range(100 - LINES_SHOWN, 100)]
