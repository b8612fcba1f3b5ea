"""Logs on stderr, one line an event: text for people, JSON for programs."""

from __future__ import annotations

import json
import logging
import os
from contextlib import suppress
from datetime import UTC, datetime

STDERR = 2
LEVELS = {
    "error": logging.ERROR,
    "warn": logging.WARNING,
    "info": logging.INFO,
    "debug": logging.DEBUG,
}


class Text(logging.Formatter):
    """Time, level, message."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, a traceback below it where there is one."""
        return f"{moment(record)} {record.levelname:>7} {record.getMessage()}{self._trace(record)}"

    def _trace(self, record: logging.LogRecord) -> str:
        return "\n" + self.formatException(record.exc_info) if record.exc_info else ""


class Json(logging.Formatter):
    """The same as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object in one line."""
        line = {
            "timestamp": moment(record),
            "level": record.levelname,
            "message": record.getMessage(),
            "target": record.name,
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line)


class Stderr(logging.Handler):
    """Each event in one write, with nothing kept back: what cannot be written must not fail the program's end."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write an event."""
        try:
            say(f"{self.format(record)}\n")
        except Exception:  # noqa: BLE001 - as every handler of the standard library
            self.handleError(record)


def say(text: str) -> None:
    """Write to stderr; that whoever read it is gone, or the disk full, is no failure of this program."""
    data = text.encode(errors="replace")
    with suppress(OSError):
        while data:
            data = data[os.write(STDERR, data) :]


def moment(record: logging.LogRecord) -> str:
    """Return when it happened, in UTC and to the millisecond."""
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def start(form: str, level: str) -> None:
    """Send what this process logs to stderr."""
    handler = Stderr()
    handler.setFormatter(Json() if form == "json" else Text())
    logging.basicConfig(handlers=[handler], level=LEVELS[level], force=True)
