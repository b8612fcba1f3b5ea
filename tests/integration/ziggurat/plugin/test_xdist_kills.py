"""One stack for all workers, while workers and the controller are killed."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ziggurat import wait_until
from ziggurat.keeper import processes

if TYPE_CHECKING:
    from collections.abc import Callable

    Write = Callable[[str, str], Path]
    Run = Callable[..., pytest.RunResult]

END_SECONDS = 20.0
"""For an orderly end on a busy machine; a quiet one needs a second."""
SHOP = """
[tool.pytest]
addopts = ["--import-mode=importlib", "--strict-markers", "-ra"]
filterwarnings = ["error"]
ziggurat_run_stacks = ["shop=stacks:stack"]
"""


@pytest.fixture
def folder(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the run stack ``shop``."""
    monkeypatch.setenv("PYTEST_PLUGINS", "ziggurat.pytest_plugin,xdist")
    (project.path / "pyproject.toml").write_text(SHOP)
    return project.path


def test_a_worker_killed_inside_a_test_fails_that_test_alone(folder: Path, write: Write, run: Run) -> None:
    """What it had is given back, though it had it alone, and the stack lives on for all others."""
    source = """
        import os, signal
        import pytest
        from pathlib import Path

        @pytest.fixture
        def told(shop):
            with (Path(__file__).parents[2] / "pids").open("a") as file:
                file.write(f"{shop['web'].pid}\\n")

        @pytest.mark.parametrize("number", range(6))
        def test_before(told, number): pass

        @pytest.mark.exclusive
        def test_killed_alone(told):
            os.kill(os.getpid(), signal.SIGKILL)

        def test_killed_among_others(told):
            os.kill(os.getpid(), signal.SIGKILL)

        @pytest.mark.parametrize("number", range(6))
        def test_after(told, number): pass
    """
    write("integration/test_a.py", source)
    result = run("-n2", "--dist", "load")

    result.assert_outcomes(passed=12, failed=2)
    result.stdout.fnmatch_lines_random(["FAILED *::test_killed_alone*", "FAILED *::test_killed_among_others*"])
    pids = (folder / "pids").read_text().split()
    assert (len(pids), len(set(pids))) == (14, 1)


MIDDLE = """
    import os, time
    from pathlib import Path
    import pytest

    HERE = Path(__file__).parents[2]

    @pytest.mark.parametrize("number", range(2))
    def test_middle(shop, number):
        facts = shop.lease.about_keeper
        told = [facts["run"], facts["pid"], facts["warden"], shop["web"].pid, os.getpid()]
        fresh = HERE / f"told-{number}.new"
        fresh.write_text(" ".join(map(str, told)))
        fresh.rename(HERE / f"told-{number}")
        time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_controller_that_is_ended_takes_workers_and_stack_with_it(
    folder: Path, write: Write, command: list[str], number: signal.Signals
) -> None:
    """However it is ended, in the middle of its workers' tests."""
    write("integration/test_a.py", MIDDLE)
    told = [folder / "told-0", folder / "told-1"]
    with (
        Path(os.devnull).open("w") as nothing,
        subprocess.Popen(
            [*command, "-n2"], cwd=folder, start_new_session=True, stdout=nothing, stderr=nothing
        ) as controller,
    ):
        wait_until(lambda: all(path.exists() for path in told), seconds=20, what="the middle of both tests")
        (run, *pids), (other, *more) = (path.read_text().split() for path in told)
        assert (run, pids[:3]) == (other, more[:3])
        if number == signal.SIGINT:
            # As a terminal sends it: to all of the foreground.
            os.killpg(controller.pid, number)
        else:
            controller.send_signal(number)

        everybody = {int(pid) for pid in [*pids, *more]}
        wait_until(lambda: not any(map(_lives, everybody)), seconds=END_SECONDS, what=f"the end of {everybody}")
        assert processes.tagged(run) == []


def _lives(pid: int) -> bool:
    return processes.state(pid) not in {"", "Z", "X"}
