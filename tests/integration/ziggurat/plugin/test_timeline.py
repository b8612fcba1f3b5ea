"""What a failing test tells: of its services, of itself, and in which forms."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Write = Callable[[str, str], Path]
    Run = Callable[..., pytest.RunResult]


@pytest.mark.usefixtures("asking")
def test_a_failing_test_shows_what_happened_during_it(write: Write, run: Run) -> None:
    """Merged by time, and nothing of before."""
    source = """
        def test_before(ask):
            ask("before")

        def test_fails(ask, web):
            ask("during")
            web.restart()
            assert False
    """
    write("integration/test_a.py", source)
    result = run()

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.re_match_lines(
        [
            r"-+ timeline of the test -+",
            r"what mattered",
            r" +\+\d+\.\d{3}  test +its call raised AssertionError: assert False",
            r"services",
            r"  made.web: running · build [0-9a-f]{12} · /.*",
            r"    log: /.*\.log",
            r"timeline, in seconds since the test began",
            r"    whole: /.*\.jsonl",
            r" +\+\d+\.\d{3}  test +its call begins",
        ],
        consecutive=True,
    )
    result.stdout.re_match_lines(
        [
            r" +\+\d+\.\d{3}  made.web  was ended by SIGKILL, as it was asked to \(pid \d+\)",
            r" +\+\d+\.\d{3}  made.web  spawned again \(pid \d+, restart 1\)",
            r" +\+\d+\.\d{3}  made.web  \| listening",
            r" +\+\d+\.\d{3}  made.web  said READY=1",
        ]
    )
    # The keeper may see a line a moment after it was written.
    result.stdout.re_match_lines([r" +\+\d+\.\d{3}  made.web  \| asked: during"])
    result.stdout.no_fnmatch_line("*asked: before*")


@pytest.mark.usefixtures("asking")
def test_who_has_ended_stands_first(write: Write, run: Run) -> None:
    """With those of a start that failed, of which nothing is left but the log."""
    source = """
        import os, signal
        from stacks import stack

        def test_fails(web, test_stacks):
            os.kill(web.pid, signal.SIGKILL)
            web.wait_ended(5)
            test_stacks.start(stack("exit_at_once", "64", "ERROR: bad flag", name="other"))
    """
    write("integration/test_a.py", source)
    result = run()

    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    mattered = text[text.index("what mattered") : text.index("timeline, in seconds")].splitlines()
    told = [re.sub(r"^ +\+[0-9.]+ +|pid \d+", "", row) for row in mattered]
    assert told[1:4] == [
        "made.web   was ended by SIGKILL, nobody asked it to ()",
        "other.web  | ERROR: bad flag",
        "other.web  exited with code 64, nobody asked it to ()",
    ]
    assert "  other.web: gone: exited with code 64" in mattered


def test_faults_stand_where_they_began_and_ended(write: Write, run: Run) -> None:
    """Those of a service under its name, and those of a link under its own; each is among what mattered."""
    source = """
        import pytest
        from stacks import stack
        from ziggurat import OUTSIDE, Link

        def test_fails(test_stacks):
            made = test_stacks.start(stack().with_links(Link(OUTSIDE, "web.http")))
            with made["web"].paused():
                with made.link(OUTSIDE, "web.http").refuse():
                    pass
            assert False
    """
    write("integration/test_a.py", source)
    result = run()

    result.assert_outcomes(failed=1)
    told = [
        r" +\+\d+\.\d{3}  made.web +fault on: paused",
        r" +\+\d+\.\d{3}  faults +fault on: .*refused",
        r" +\+\d+\.\d{3}  faults +fault off: .*refused",
        r" +\+\d+\.\d{3}  made.web +fault off: paused",
    ]
    result.stdout.re_match_lines(["what mattered", *told, "timeline, in seconds since the test began", *told])


@pytest.mark.usefixtures("asking")
def test_all_forms_are_complete_under_xdist(
    write: Write, run: Run, project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text on the controller's terminal, JSON lines in a folder, and JUnit's properties."""
    monkeypatch.setenv("PYTEST_PLUGINS", "ziggurat.pytest_plugin,xdist")
    source = """
        import pytest

        @pytest.mark.parametrize("number", range(4))
        def test_it(ask, number):
            ask(f"number {number}")
            assert number % 2
    """
    write("integration/test_a.py", source)
    result = run("-n", "2", "--junitxml=junit.xml", "--timelines=timelines")

    result.assert_outcomes(passed=2, failed=2)
    files = sorted((project.path / "timelines").glob("test_a.py-test_it-*.call.jsonl"))
    told = [[json.loads(line) for line in file.read_text().splitlines()] for file in files]
    assert sorted(head["test"] for head, *_ in told) == [f"tests/integration/test_a.py::test_it[{n}]" for n in (0, 2)]
    for head, *events in told:
        number = head["test"][-2]
        assert [event["text"] for event in events if "asked" in event["text"]] == [f"asked: number {number}"]
        result.stdout.re_match_lines([rf" +\+\d+\.\d{{3}}  made.web  \| asked: number {number}"])
    assert sorted(properties(project.path / "junit.xml", "ziggurat.timeline")) == sorted(map(str, files))
    assert len(properties(project.path / "junit.xml", "ziggurat.service")) == 2


@pytest.mark.parametrize(("words", "refused"), [("a_file", "a_file"), ("a_file/timelines", "a_file")])
def test_a_place_for_timelines_that_is_no_folder_is_a_usage_error(
    run: Run, project: pytest.Pytester, words: str, refused: str
) -> None:
    """Before anything is run: the first failure would be the wrong moment to hear of it."""
    (project.path / "a_file").write_text("of somebody")
    result = run(f"--timelines={words}")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: --timelines: {project.path / refused} is no folder"])
    assert (project.path / "a_file").read_text() == "of somebody"


def test_a_place_for_timelines_that_cannot_be_looked_at_is_a_usage_error(run: Run) -> None:
    """With the reason."""
    result = run(f"--timelines={'x' * 300}")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --timelines: *xxx: file name too long"])


@pytest.mark.usefixtures("asking")
def test_a_timeline_that_cannot_be_written_is_told_all_the_same(
    write: Write, run: Run, project: pytest.Pytester
) -> None:
    """Nobody can make a folder in /proc; the run goes on, and JUnit's report names no file."""
    source = """
        def test_fails(ask):
            ask("during")
            assert False

        def test_after(): pass
    """
    write("integration/test_a.py", source)
    result = run("--timelines=/proc/timelines", "--junitxml=junit.xml")

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["    whole: not written, no such file or directory", "*its call begins"])
    assert properties(project.path / "junit.xml", "ziggurat.timeline") == []
    assert len(properties(project.path / "junit.xml", "ziggurat.service")) == 1


def properties(path: Path, name: str) -> list[str]:
    """Return the values of a property in a JUnit report."""
    found = ET.parse(path).iter("property")  # noqa: S314 - pytest wrote it just now
    return [element.attrib["value"] for element in found if element.attrib["name"] == name]
