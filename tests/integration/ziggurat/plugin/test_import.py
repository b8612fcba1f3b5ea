"""What a run costs that uses nothing of the plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Write = Callable[[str, str], Path]
    Run = Callable[..., pytest.RunResult]


def test_a_unit_run_imports_nothing_heavy_because_of_the_plugin(write: Write, run: Run) -> None:
    """Neither gRPC nor what starts stacks."""
    source = """
        import sys

        def test_it():
            heavy = {"grpc", "pydantic", "psutil", "google.protobuf", "multiprocessing", "asyncio", "filelock"}
            ours = {"ziggurat.lease", "ziggurat.stack", "ziggurat.keeper", "ziggurat.probe", "ziggurat.gate", "ctypes"}
            assert sorted((heavy | ours) & sys.modules.keys()) == []
    """
    write("unit/test_a.py", source)

    run("--tier", "unit").assert_outcomes(passed=1)
