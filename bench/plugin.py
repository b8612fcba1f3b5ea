"""pytest: what an integration test costs on a session's stack, what the plugin costs, and the unit tier whole."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bench.failure import MeasurementFailed
from bench.row import SECONDS, Goal, alone, difference
from bench.sample import Sample, alternately
from prism_stack import workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.effort import Effort
    from bench.row import Row

ROOT = Path(__file__).resolve().parent.parent
SLOPE_ROUNDS, PLUGIN_ROUNDS, TIER_ROUNDS = 5, 20, 3
FEW, MANY = 50, 350
TEST_GOAL = Goal(at_most=5e-3)
PLUGIN_GOAL = Goal(at_most=20e-3)
TIER_GOAL = Goal(at_most=3.0)
WITHOUT = ("-p", "no:ziggurat")

CONFTEST = """
import pytest

@pytest.fixture(scope="session")
def client(session_stacks):
    from pathlib import Path
    from prism_stack.client import KeyValueClient
    from prism_stack.stacks import keyvalue_stack

    running = session_stacks.start(keyvalue_stack({programs}))
    with KeyValueClient(running.address("proxy.data")) as client:
        yield client
"""
RUN_STACK = """
from pathlib import Path
from prism_stack.stacks import keyvalue_stack

def stack():
    return keyvalue_stack({programs})
"""
SHARED_CONFTEST = """
import pytest

@pytest.fixture
def client(shop):
    from prism_stack.client import KeyValueClient

    with KeyValueClient(shop.address("proxy.data")) as client:
        yield client
"""
SHARED = ("-o", "pythonpath=.", "-o", "ziggurat_run_stacks=shop=shop_stack:stack")
INTEGRATION = """
import pytest

@pytest.mark.parametrize("number", range({count}))
def test_missing(client, number):
    assert client.get(f"missing-{{number}}") is None
"""
PLAIN = """
import pytest

@pytest.mark.parametrize("number", range({count}))
def test_nothing(number):
    assert number is not None
"""


def measure(effort: Effort) -> Iterator[Row]:
    """Measure whole runs of pytest, as a person types them."""
    programs = {name: program.path for name, program in workspace.programs(release=True).items()}
    with tempfile.TemporaryDirectory() as folder:
        suite = Path(folder)
        _write(suite, programs)
        yield from _test_costs(suite, effort.rounds(SLOPE_ROUNDS))
        yield _plugin_cost(suite, effort.rounds(PLUGIN_ROUNDS))
    tier = partial(_run, ROOT, "--tier", "unit")
    yield alone(
        "pytest --tier unit, whole", *alternately(effort.rounds(TIER_ROUNDS), tier), unit=SECONDS, goal=TIER_GOAL
    )


def _test_costs(suite: Path, rounds: int) -> Iterator[Row]:
    """Compare the slopes between few tests and many: what a run costs once is in neither."""
    sides = [
        partial(_run, suite, f"tests/{folder}/test_{count}.py", *options)
        for folder, options in (("integration", ()), ("shared", SHARED), ("plain", WITHOUT))
        for count in (FEW, MANY)
    ]
    few, many, shared_few, shared_many, plain_few, plain_many = alternately(rounds, *sides)
    plain = _slope(plain_few, plain_many)
    yield difference("one more integration test, over a plain one", _slope(few, many), plain, goal=TEST_GOAL)
    shared = _slope(shared_few, shared_many)
    yield difference("one more test on a run's stack with a client of its own", shared, plain, goal=TEST_GOAL)


def _plugin_cost(suite: Path, rounds: int) -> Row:
    path = "tests/plain/test_1.py"
    ours, base = alternately(rounds, partial(_run, suite, path), partial(_run, suite, path, *WITHOUT))
    return difference("pytest of one trivial test, over -p no:ziggurat", ours, base, goal=PLUGIN_GOAL)


def _slope(few: Sample, many: Sample) -> Sample:
    return Sample.of(rise / (MANY - FEW) for rise in many.minus(few).values)


def _write(suite: Path, programs: dict[str, Path]) -> None:
    """Write suites that differ in the stack alone."""
    paths = ", ".join(f"{name!r}: Path({str(path)!r})" for name, path in programs.items())
    files = {
        "pytest.ini": "[pytest]\n",
        "shop_stack.py": RUN_STACK.format(programs=f"{{{paths}}}"),
        "tests/integration/conftest.py": CONFTEST.format(programs=f"{{{paths}}}"),
        "tests/shared/conftest.py": SHARED_CONFTEST,
        "tests/plain/test_1.py": PLAIN.format(count=1),
    }
    for count in (FEW, MANY):
        files[f"tests/integration/test_{count}.py"] = INTEGRATION.format(count=count)
        files[f"tests/shared/test_{count}.py"] = INTEGRATION.format(count=count)
        files[f"tests/plain/test_{count}.py"] = PLAIN.format(count=count)
    for name, text in files.items():
        (suite / name).parent.mkdir(parents=True, exist_ok=True)
        (suite / name).write_text(text)


def _run(folder: Path, *arguments: str) -> float:
    """Return the seconds of a run of pytest, in which all must pass."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    began = time.perf_counter()
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    elapsed = time.perf_counter() - began
    if ended.returncode:
        raise MeasurementFailed(f"pytest {' '.join(arguments)} failed:\n{ended.stdout[-2000:]}{ended.stderr[-2000:]}")
    return elapsed
