"""The process that owns the run, at the end of it."""

from types import SimpleNamespace
from typing import Any

import pytest

from ziggurat.errors import Damage, Loss
from ziggurat.run.owning import Owning

BLAMED = Damage(stack="shop", losses=(Loss("web", "exited", -9),), tests=("test_a",))
UNBLAMED = Damage(stack="shop", losses=(Loss("web", "exited", -9),), tests=())


def finish(*damages: Damage, exit_status: int = pytest.ExitCode.OK) -> int:
    """Return with what a run ends during which this happened."""
    config: Any = SimpleNamespace()
    session: Any = SimpleNamespace(exitstatus=exit_status)
    owning = Owning(config, {}, lambda: None)
    owning._journal.damages.extend(damages)
    owning.pytest_sessionfinish(session)
    return int(session.exitstatus)


def test_a_crash_while_no_test_ran_fails_the_run() -> None:
    """No test was failed for it."""
    assert finish(UNBLAMED) == pytest.ExitCode.TESTS_FAILED


def test_a_crash_that_tests_were_failed_for_changes_nothing() -> None:
    """Nor does one of a run that ended in another way."""
    assert finish(BLAMED) == pytest.ExitCode.OK
    assert finish(UNBLAMED, exit_status=pytest.ExitCode.INTERRUPTED) == pytest.ExitCode.INTERRUPTED


def test_a_run_without_any_damage_is_as_its_tests_are() -> None:
    """Nothing to tell."""
    assert finish() == pytest.ExitCode.OK
