"""Calls by prism-load: Python would measure itself."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.calls import GET, GET_K
from bench.failure import MeasurementFailed

if TYPE_CHECKING:
    from pathlib import Path

RATE = "128MiB"
"""A third or less of what the loopback carries: the sender waits for the reader nearly all the time."""

PATIENCE = 60.0
"""Seconds for one run: the longest takes under ten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of many calls."""

    calls: int
    per_second: float
    median: float
    """Seconds that half of the calls took at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Calls one method with one message."""

    program: Path

    def call(self, target: str, *options: str) -> Outcome:
        """Make calls to an address, all of which must succeed."""
        said = _run(self.program, "call", "--target", target, "--path", GET, "--body-hex", GET_K.hex(), *options)
        if said["errors"]:
            raise MeasurementFailed(f"{said['errors']} of {said['errors'] + said['calls']} calls to {target} failed")
        return Outcome(calls=said["calls"], per_second=said["calls_per_second"], median=said["latency_us"]["p50"] / 1e6)


def read(program: Path, target: str, size: int) -> float:
    """Read a stream of so many bytes slowly and return the seconds that it took."""
    said = _run(program, "read", "--target", target, "--bytes", str(size), "--rate", RATE)
    if said["bytes"] < size:
        raise MeasurementFailed(f"only {said['bytes']} of {size} bytes came")
    return float(said["seconds"])


def _run(program: Path, *arguments: str) -> dict[str, Any]:
    command = [str(program), *arguments]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        raise MeasurementFailed(f"{program.name} {arguments[0]} did not end within {PATIENCE:.0f} s") from None
    if ended.returncode:
        raise MeasurementFailed(f"{program.name} {arguments[0]} failed: {ended.stderr.strip()}")
    said: dict[str, Any] = json.loads(ended.stdout)
    return said
