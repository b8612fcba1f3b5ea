"""What a service wrote: stdout and stderr in one file, whose oldest part may be gone."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from ziggurat.waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

TAIL_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class ServiceLog:
    """The log of one service."""

    path: Path

    def create(self) -> None:
        """Have an empty file for it, for this user alone, unless there is one."""
        os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))

    def size(self) -> int:
        """Return the bytes written so far, those that were given back to the disk among them."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def lines(self, since: int = 0) -> list[str]:
        """Return the lines from an offset on; what was dropped, or never came to be, is left out."""
        return _lines(self.read(since).removesuffix(b"\n"))

    def whole_lines(self, since: int = 0) -> list[str]:
        """Return the lines from an offset on that have come to their end: half a number is another number."""
        return _lines(self.read(since).rpartition(b"\n")[0])

    def tail(self, count: int = 10, *, since: int = 0) -> tuple[str, ...]:
        """Return the last lines, none of them from before an offset."""
        start = max(since, self.size() - TAIL_BYTES)
        lines = self.lines(start)
        return tuple(lines[max(0, len(lines) - count) :])

    def wait_for(self, pattern: str, *, since: int = 0, seconds: float = 10.0) -> re.Match[str]:
        """Wait for a line that matches a regular expression."""
        expression = re.compile(pattern)
        found = wait_until(
            lambda: next((match for line in self.whole_lines(since) if (match := expression.search(line))), None),
            seconds=seconds,
            what=f"a line matching {pattern!r} in {self.path}",
        )
        return cast("re.Match[str]", found)

    def read(self, since: int = 0) -> bytes:
        """Return the bytes from an offset on, or from the end of what was dropped."""
        return self.part(since)[1]

    def part(self, since: int = 0, most: int = -1) -> tuple[int, bytes]:
        """Return where the bytes begin that are there from an offset on, and at most so many of them."""
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return since, b""
        with os.fdopen(descriptor, "rb") as file:
            try:
                # Past the hole that the keeper punches when the log is over its bound.
                start = os.lseek(descriptor, since, os.SEEK_DATA)
            except OSError:
                return since, b""
            file.seek(start)
            return start, file.read(most)


def _lines(data: bytes) -> list[str]:
    """Return lines without their ends; only a line feed ends one, whatever else Python takes for an end."""
    return [line.removesuffix("\r") for line in data.decode(errors="replace").split("\n")] if data else []
