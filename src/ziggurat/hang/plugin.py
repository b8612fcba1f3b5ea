"""Explains a test that hangs before a time-out or Ctrl-C ends it.

pytest-timeout's signal calls its handler only after the look; Ctrl-C is answered by a short one, and the second Ctrl-C
ends the run at once: the keepers then kill every service.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types import FrameType

    from ziggurat.failure import Explainer
    from ziggurat.hang.model import Hang

    Handler = Any  # what signal.signal takes and gives

INTERRUPTED = 130
"""As a shell has it for whoever SIGINT ended."""


class HangExplainer:
    """A plugin of pytest that stands between a signal and what would end the test."""

    def __init__(self, config: pytest.Config, explainer: Explainer) -> None:
        """Explain the hangs of a run; the report of a failure takes the explanation along."""
        self._config = config
        self._explainer = explainer
        self._test = ""
        self._settings: Any = None
        self._before: Handler = None
        self._interrupts = 0

    # === time-outs ===

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Know which test is to be explained."""
        self._test, self._settings = item.nodeid, None
        try:
            return (yield)
        finally:
            self._test = ""

    @pytest.hookimpl(wrapper=True, optionalhook=True)
    def pytest_timeout_set_timer(self, item: pytest.Item, settings: Any) -> Generator[None, object, object]:  # noqa: ANN401 - pytest-timeout's
        """Look before pytest-timeout's own handler fails the test."""
        result = yield
        ends = signal.getsignal(signal.SIGALRM)
        if settings.method == "signal" and _in_main_thread() and callable(ends):
            self._settings = settings

            def look_and_end(number: int, frame: FrameType | None) -> None:
                __tracebackhide__ = True
                if not _is_debugged(settings):
                    self._explain(f"it was not over after {settings.timeout:g} s")
                ends(number, frame)

            signal.signal(signal.SIGALRM, look_and_end)
        del item
        return result

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        """Give the teardown of a failed test its time too: the failure has stopped the clock."""
        stopped = signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
        if self._settings and stopped and not self._settings.func_only:
            item.ihook.pytest_timeout_set_timer(item=item, settings=self._settings)

    # === Ctrl-C ===

    def pytest_sessionstart(self) -> None:
        """Answer Ctrl-C, unless somebody else does already."""
        if _in_main_thread() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._before = signal.signal(signal.SIGINT, self._interrupted)

    def pytest_unconfigure(self) -> None:
        """Leave Ctrl-C as it was."""
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            self._before = None

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        self._interrupts += 1
        if self._interrupts > 1:
            self._write("\ninterrupted again: ending at once\n")
            os._exit(INTERRUPTED)
        if self._test:
            # The run ends: a time-out of the test must not come in between.
            signal.setitimer(signal.ITIMER_REAL, 0)
            self._explain_briefly()
        signal.default_int_handler(number, frame)

    # === looking ===

    def _explain(self, reason: str) -> None:
        from ziggurat.failure import file_name
        from ziggurat.report.hang import hang_text, hang_whole

        hang = self._look(reason, short=False)
        whole = self._explainer.write(f"{file_name(self._test)}.hang.txt", hang_whole(hang))
        self._explainer.attach("hang report", hang_text(hang, whole))

    def _explain_briefly(self) -> None:
        from ziggurat.report.hang import hang_text

        text = hang_text(self._look("it was interrupted", short=True), "")
        self._write(f"\n--- hang report ---\n{text}\n")

    def _look(self, reason: str, *, short: bool) -> Hang:
        from ziggurat.hang.collect import collect

        return collect(self._test, reason, self._explainer.keepers(), short=short)

    def _write(self, text: str) -> None:
        """Write to the terminal, past pytest's capture."""
        capture = self._config.pluginmanager.getplugin("capturemanager")
        if capture is None:
            sys.stderr.write(text)
            return
        with capture.global_and_fixture_disabled():
            sys.stderr.write(text)
            sys.stderr.flush()


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _is_debugged(settings: Any) -> bool:  # noqa: ANN401 - pytest-timeout's
    """Say whether somebody takes his time on purpose; pytest-timeout lets the test go on then."""
    from pytest_timeout import is_debugging  # type: ignore[import-untyped]

    return not settings.disable_debugger_detection and bool(is_debugging())
