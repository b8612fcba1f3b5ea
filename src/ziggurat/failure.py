"""Gives a failed phase of a test its timeline: in the report, in a file and in JUnit's properties."""

from __future__ import annotations

import hashlib
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ziggurat.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from ziggurat.recorder import Recorder

    Write = Callable[[str, str], Path | str]

SECTION = "timeline of the test"
LONGEST_NAME = 80
LONGEST_REASON = 300


class Explainer:
    """A plugin of pytest that remembers what happens during each test, once there is a stack to watch."""

    def __init__(self, config: pytest.Config) -> None:
        """Explain the failures of a run; raise ``SpecError`` where the place for files can be no folder."""
        self._config = config
        chosen = config.getoption("timelines")
        self._chosen = Path(config.invocation_params.dir, chosen) if chosen else None
        if self._chosen:
            refuse_no_folder(self._chosen)
        self._present = ("", time.monotonic_ns())
        self._recorder: Recorder | None = None
        self._attached: list[tuple[str, str]] = []

    @property
    def recorder(self) -> Recorder:
        """What remembers; it comes with the first stack."""
        if self._recorder is None:
            from ziggurat.recorder import Recorder

            self._recorder = Recorder()
            self._recorder.begin(*self._present)
        return self._recorder

    @property
    def folder(self) -> Path:
        """Where timelines and reports of hangs are written."""
        if self._chosen:
            return self._chosen
        factory: pytest.TempPathFactory = self._config._tmp_path_factory  # type: ignore[attr-defined]  # noqa: SLF001 - no fixture is at hand
        return factory.getbasetemp() / "timelines"

    def write(self, name: str, text: str) -> Path | str:
        """Write a file and return where it stands, or why it does not: a failure is told all the same."""
        try:
            whole = self.folder / name
            whole.parent.mkdir(parents=True, exist_ok=True)
            whole.write_text(text, encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            return f"not written, {(error.strerror or str(error)).lower()}"
        return whole

    def attach(self, title: str, text: str) -> None:
        """Have the report of the phase that is about to fail take a section along."""
        self._attached.append((title, text))

    def keepers(self) -> dict[int, Path]:
        """Return the pid of each keeper whose stacks are watched, and the folder of its run."""
        return self._recorder.keepers() if self._recorder else {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Cut the timeline where a test begins."""
        self._present = (item.nodeid, time.monotonic_ns())
        if self._recorder:
            self._recorder.begin(*self._present)
        self._attached.clear()
        return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self) -> None:
        """Tell the set-up from the test itself."""
        self._tell("its call begins")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self) -> None:
        """Tell the teardown from the test itself."""
        self._tell("its teardown begins")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Add the timeline to a failure."""
        if call.excinfo and self._recorder:
            self._recorder.tell(f"its {call.when} raised {call.excinfo.exconly()[:LONGEST_REASON]}", matters=True)
        report = yield
        report.sections += self._attached
        self._attached.clear()
        if report.failed and self._recorder:
            explain(item, report, self._recorder, self.write)
        return report

    def pytest_unconfigure(self) -> None:
        """Let go of what was watched."""
        if self._recorder:
            self._recorder.close()

    def _tell(self, text: str) -> None:
        if self._recorder:
            self._recorder.tell(text)


def explain(item: pytest.Item, report: pytest.TestReport, recorder: Recorder, write: Write) -> None:
    """Add to the report of a failed phase what happened until then, and where the whole of it stands."""
    from ziggurat.report.json_lines import json_lines
    from ziggurat.report.junit import properties
    from ziggurat.report.text import timeline_text

    timeline = recorder.timeline()
    lines = "".join(f"{line}\n" for line in json_lines(timeline))
    whole = write(f"{file_name(item.nodeid)}.{report.when}.jsonl", lines)
    report.sections.append((SECTION, timeline_text(timeline, whole)))
    told = properties(timeline, whole)
    # The report of this phase has its own copy by now, and JUnit takes those of the teardown.
    item.user_properties.extend(told)
    report.user_properties.extend(told)


def refuse_no_folder(place: Path) -> None:
    """Raise ``SpecError`` for a place that is no folder and cannot become one."""
    try:
        nearest = next(above for above in (place, *place.parents) if above.exists())
        problem = "" if nearest.is_dir() else f"{nearest} is no folder"
    except OSError as error:
        problem = f"{place}: {(error.strerror or str(error)).lower()}"
    if problem:
        message = f"--timelines: {problem}"
        raise SpecError(message)


def file_name(test: str) -> str:
    """Return a test's id as the name of a file: readable, and another one for each test."""
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", test.rpartition("/")[2])[:LONGEST_NAME]
    return f"{plain}-{hashlib.sha256(test.encode()).hexdigest()[:8]}"
