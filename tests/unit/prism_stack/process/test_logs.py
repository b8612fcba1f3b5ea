"""Log lines, for people and for programs."""

import json
import logging
import os
import sys

import pytest

from prism_stack.process import logs
from prism_stack.process.logs import Json, Stderr, Text


def record(message: str, *, failed: bool = False) -> logging.LogRecord:
    """Return something that was logged at a known time."""
    trace = None
    if failed:
        try:
            raise ValueError("boom")
        except ValueError:
            trace = sys.exc_info()
    made = logging.LogRecord("prism-admin", logging.WARNING, __file__, 1, message, None, trace)
    made.created = 0.5
    return made


def test_a_text_line_has_time_level_and_message() -> None:
    """In UTC."""
    assert Text().format(record("hello")) == "1970-01-01T00:00:00.500+00:00 WARNING hello"


def test_a_json_line_is_one_line_whatever_the_message_holds() -> None:
    """Also with a traceback."""
    line = Json().format(record("two\nlines", failed=True))
    read = json.loads(line)

    assert "\n" not in line
    assert (read["message"], read["level"], read["target"]) == ("two\nlines", "WARNING", "prism-admin")
    assert "ValueError: boom" in read["trace"]
    assert "ValueError: boom" in Text().format(record("x", failed=True))


def test_each_event_is_a_line_on_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    """Written at once, and whole."""
    handler = Stderr()
    handler.setFormatter(Text())
    handler.emit(record("hello"))

    assert capfd.readouterr().err == "1970-01-01T00:00:00.500+00:00 WARNING hello\n"


def test_a_reader_that_is_gone_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nothing is kept that could not be written at the end either."""
    reader, writer = os.pipe()
    os.close(reader)
    monkeypatch.setattr(logs, "STDERR", writer)
    Stderr().emit(record("hello"))
    os.close(writer)

    assert capfd.readouterr() == ("", "")
