"""Log lines, for people and for programs."""

import json
import logging
import sys

from prism_stack.process.logs import Json, Text


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
