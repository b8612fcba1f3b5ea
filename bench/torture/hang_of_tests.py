"""A test that hangs is ended by its time-out, and the report says where it and its services stood."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

from bench.torture.finding import Finding
from bench.torture.scene import Expected, await_gone, scene

TESTS = Path(__file__).with_name("hang_in_tests.py")
TIMEOUT = 3
"""Of pytest-timeout, in which the test also starts its stack."""
LATER = 5.0
PATIENCE = 120.0
DURATION = re.compile(r"in ([\d.]+)s")
PLUGINS = ("-p", "ziggurat.pytest_plugin", "-p", "pytest_timeout", "-p", "no:cacheprovider")


@dataclass(frozen=True, slots=True, kw_only=True)
class HangingTest:
    """A test, and what must be said of it."""

    name: str
    what: str
    named: tuple[str, ...]


HANGING = (
    HangingTest(name="test_deadlocked", what="a test of a deadlocked service", named=("hang report", "hang.web (pid")),
    HangingTest(
        name="test_stopped", what="a test of a stopped service", named=("hang report", "hang.web (pid", "SIGSTOP")
    ),
    HangingTest(name="test_half_open", what="a test over a half-open link", named=("hang report", "half-open")),
    HangingTest(name="test_stuck_teardown", what="a test with a stuck teardown", named=("hang report", "stuck")),
)


def met(test: HangingTest, times: int) -> Finding:
    """Let a test hang again and again."""
    slowest, broken = 0.0, []
    for _ in range(times):
        seconds, problem = once(test)
        slowest = max(slowest, seconds)
        broken += [problem] if problem else []
    return Finding(
        trial=test.what,
        tried=f"{times} times",
        measured=f"{times - len(broken)} named {', '.join(test.named)}, at most {slowest:.1f} s",
        goal=f"{times}, ≤ {TIMEOUT} + {LATER:g} s",
        broken=tuple(broken),
    )


def once(test: HangingTest) -> tuple[float, str]:
    """Run a test that hangs; return how long that took, and what was wrong with its end or with what it said."""
    with scene() as place:
        root = ("-c", os.devnull, "--rootdir", str(place.folder.parent), "--basetemp", str(place.folder / "../pytest"))
        ends = ("--timeout", str(TIMEOUT), "--timeout-method", "signal")
        began = time.monotonic()
        run = place.start(
            *("-m", "pytest", f"{TESTS}::{test.name}", *root, *PLUGINS, *ends),
            env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        )
        run.wait(PATIENCE)
        _, left = await_gone(place, Expected())
        text = place.output.read_text(errors="replace")
    told = DURATION.search(text)
    seconds = float(told[1]) if told else time.monotonic() - began
    missing = [name for name in test.named if name not in text]
    if seconds > TIMEOUT + LATER:
        return seconds, f"it took {seconds:.1f} s"
    if missing or left:
        return seconds, f"it did not say {missing}, left {left}, and said: {text[-3000:]}"
    return seconds, ""
