"""One stack for all workers, while workers and the controller are killed."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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


class Told(Protocol):
    """Who and what was there in the middle of a test."""

    run: str
    keeper: int
    warden: int
    services: list[int]

    def wait_gone(self) -> None:
        """Wait until nothing is left of it."""

    def wait_lost(self) -> None:
        """Wait until nothing is left but the process that runs the test."""


@pytest.fixture
def folder(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the run stack ``shop``."""
    monkeypatch.setenv("PYTEST_PLUGINS", "ziggurat.pytest_plugin,xdist")
    (project.path / "pyproject.toml").write_text(SHOP)
    return project.path


@pytest.mark.parametrize(("mode", "again"), [("load", 0), ("worksteal", 0), ("loadfile", 2)])
def test_a_worker_killed_inside_a_test_fails_that_test_alone(
    folder: Path, write: Write, run: Run, mode: str, again: int
) -> None:
    """What it had is given back, though it had it alone, and the stack lives on for all others.

    Where a file stays together, xdist has the next worker run the test again that the last one was killed in.
    """
    source = """
        import os, signal
        import pytest
        from stacks import HERE

        @pytest.fixture
        def told(shop):
            with (HERE / "pids").open("a") as file:
                file.write(f"{shop['web'].pid}\\n")

        def be_killed_once(name):
            if not (HERE / name).exists():
                (HERE / name).touch()
                os.kill(os.getpid(), signal.SIGKILL)

        @pytest.mark.parametrize("number", range(6))
        def test_before(told, number): pass

        @pytest.mark.exclusive
        def test_killed_alone(told):
            be_killed_once("alone")

        def test_killed_among_others(told):
            be_killed_once("among others")

        @pytest.mark.parametrize("number", range(6))
        def test_after(told, number): pass
    """
    write("integration/test_a.py", source)
    result = run("-n2", "--dist", mode)

    result.assert_outcomes(passed=12 + again, failed=2)
    result.stdout.fnmatch_lines_random(["FAILED *::test_killed_alone*", "FAILED *::test_killed_among_others*"])
    pids = (folder / "pids").read_text().split()
    assert (len(pids), len(set(pids))) == (14 + again, 1)


MIDDLE = """
    import pytest
    from stacks import HERE, tell
    from ziggurat import wait_until

    @pytest.mark.parametrize("number", range(2))
    def test_middle(shop, number):
        tell(f"middle-{number}", shop.lease, shop.address("web.http"), shop["web"].pid)
        wait_until((HERE / "go").exists, seconds=60, what="leave to go on")

    def test_next(shop):
        pass
"""


@contextmanager
def running(folder: Path, command: list[str], *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run pytest with these words until its end; what it says goes to a file."""
    with (
        (folder / "said").open("wb") as said,
        subprocess.Popen(
            [*command, *words], cwd=folder, start_new_session=True, stdout=said, stderr=said
        ) as controller,
    ):
        yield controller
        controller.wait(END_SECONDS)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_controller_that_is_ended_takes_workers_and_stack_with_it(
    folder: Path, write: Write, command: list[str], middle: Callable[[str], Told], number: signal.Signals
) -> None:
    """However it is ended, in the middle of its workers' tests."""
    write("integration/test_a.py", MIDDLE)
    with running(folder, command, "-n2") as controller:
        one, other = middle("middle-0"), middle("middle-1")
        assert (one.run, one.keeper, one.warden, one.services) == (
            other.run,
            other.keeper,
            other.warden,
            other.services,
        )
        if number == signal.SIGINT:
            # As a terminal sends it: to all of the foreground.
            os.killpg(controller.pid, number)
        else:
            controller.send_signal(number)

    one.wait_gone()
    other.wait_gone()


@pytest.mark.parametrize("who", ["keeper", "warden"])
def test_a_keeper_or_warden_that_is_killed_takes_the_stack_and_not_the_run(
    folder: Path, write: Write, command: list[str], middle: Callable[[str], Told], who: str
) -> None:
    """Each test that had the stack or wants it says once, and in short, what was lost."""
    write("integration/test_a.py", MIDDLE)
    with running(folder, command, "-n1", "-k", "0 or next") as controller:
        told = middle("middle-0")
        os.kill(getattr(told, who), signal.SIGKILL)
        told.wait_lost()
        (folder / "go").touch()

    assert controller.returncode == pytest.ExitCode.TESTS_FAILED
    told.wait_gone()
    said = (folder / "said").read_text()
    lost = "Failed: the keeper is*"
    pytest.LineMatcher(said.splitlines()).fnmatch_lines(
        [
            "the keeper is gone, and with it every service of the run",
            "  made.web: gone",
            f"ERROR *::test_middle[[]0[]] - {lost}",
            f"ERROR *::test_next - {lost}",
            "*= 1 passed, 2 errors in *",
        ]
    )
    assert "lease.py" not in said
