"""What a program is doing, told on SIGQUIT: the stacks of all threads, then what it holds; it goes on afterwards."""

from __future__ import annotations

import faulthandler
import os
import signal
import time
from collections.abc import Callable, Iterable

from prism_stack.process import logs

SIGNAL = signal.SIGQUIT
MOST_LINES = 100
"""Of each part; who hangs with a thousand peers is explained by the first hundred."""

Lines = Callable[[], Iterable[str]]

_began = time.monotonic()
_parts: dict[str, Lines] = {}


def register(title: str, lines: Lines) -> None:
    """Have every dump tell this too; ``lines`` must not wait for a lock that somebody may be stuck with."""
    _parts[title] = lines


def listen() -> None:
    """Write the stacks on SIGQUIT from now on, and then call the handler that is installed already.

    The stacks are written in C, so they come also when Python code runs no more.
    """
    faulthandler.register(SIGNAL, all_threads=True, chain=True)


def compose(name: str) -> str:
    """Return what the program holds; a part that fails does not hide the others."""
    rows = [f"dump of {name}, pid {os.getpid()}, up for {time.monotonic() - _began:.1f}s"]
    for title, lines in _parts.items():
        told = _told(lines)
        rows += [f"{title}: {len(told)}", *(f"  {line}" for line in told[:MOST_LINES])]
        if len(told) > MOST_LINES:
            rows.append(f"  … {len(told) - MOST_LINES} more")
    return "\n".join([*rows, "end of dump", ""])


def write(name: str) -> None:
    """Write what the program holds to stderr, in one piece."""
    logs.say(compose(name))


def _told(lines: Lines) -> list[str]:
    try:
        return list(lines())
    except Exception as error:  # noqa: BLE001 - it is looked at while others change it
        return [f"cannot be told: {type(error).__name__}: {error}"]
