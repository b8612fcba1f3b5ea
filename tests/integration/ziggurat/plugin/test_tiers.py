"""Which tests run, in which tier."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Write = Callable[[str, str], Path]
    Run = Callable[..., pytest.RunResult]

EMPTY = "def test_it(request):\n    '''Nothing.'''\n"
BEHAVIOUR = """
    def test_it(tier):
        assert tier in {"unit", "integration", "e2e"}
"""


@pytest.fixture
def pyramid(write: Write) -> None:
    """A test in each folder."""
    for tier in ("unit", "integration"):
        write(f"{tier}/test_a.py", EMPTY)
    write("test_none.py", EMPTY)
    write("behaviour/test_b.py", BEHAVIOUR)


@pytest.mark.usefixtures("pyramid")
def test_tests_run_from_the_bottom_of_the_pyramid_up(run: Run) -> None:
    """A session's stack then never ends inside a unit test."""
    result = run("-v")

    result.assert_outcomes(passed=5, skipped=1)
    result.stdout.fnmatch_lines(
        [
            "tests/behaviour/test_b.py::test_it[[]unit[]] PASSED*",
            "tests/unit/test_a.py::test_it PASSED*",
            "tests/behaviour/test_b.py::test_it[[]integration[]] PASSED*",
            "tests/integration/test_a.py::test_it PASSED*",
            "tests/behaviour/test_b.py::test_it[[]e2e[]] SKIPPED*",
        ]
    )


@pytest.mark.usefixtures("pyramid")
@pytest.mark.parametrize(
    ("words", "passed"),
    [(("unit",), 2), (("integration",), 2), (("unit", "integration"), 4)],
)
def test_tier_selects(run: Run, words: tuple[str, ...], passed: int) -> None:
    """It may be given twice; tests without a tier are in none."""
    result = run(*(word for tier in words for word in ("--tier", tier)))

    result.assert_outcomes(passed=passed, deselected=3 if len(words) == 1 else 2)


@pytest.mark.usefixtures("pyramid")
@pytest.mark.parametrize("expression", ["unit", "integration"])
def test_markers_select_too(run: Run, expression: str) -> None:
    """Each test has the mark of its tier."""
    run("-m", expression).assert_outcomes(passed=2, deselected=4)


def test_folders_of_other_tiers_are_not_imported(write: Write, run: Run) -> None:
    """Their imports cost time."""
    write("unit/test_a.py", EMPTY)
    write("integration/test_a.py", "raise RuntimeError")

    run("--tier", "unit").assert_outcomes(passed=1)


def test_a_folder_inside_another_tier_is_not_left_out(project: pytest.Pytester, write: Write, run: Run) -> None:
    """Where the settings say so."""
    settings = project.path / "pyproject.toml"
    settings.write_text(settings.read_text() + 'ziggurat_tiers = ["unit=tests", "integration=tests/slow"]\n')
    write("test_a.py", EMPTY)
    write("slow/test_b.py", EMPTY)

    run("--tier", "integration").assert_outcomes(passed=1, deselected=1)


def test_a_wrong_setting_is_a_usage_error(project: pytest.Pytester, run: Run) -> None:
    """In one line."""
    settings = project.path / "pyproject.toml"
    settings.write_text(settings.read_text() + 'ziggurat_tiers = ["slow=tests"]\n')
    result = run()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: ziggurat_tiers: 'slow=tests' is not TIER=FOLDER*"])


def test_an_unknown_tier_is_a_usage_error(run: Run) -> None:
    """With the tiers that there are."""
    result = run("--tier", "slow")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*invalid choice: 'slow' (choose from *unit*, *integration*, *e2e*)*"])
    assert "Tier." not in result.stderr.str()


def test_a_behaviour_test_may_leave_tiers_out(write: Write, run: Run) -> None:
    """By the ``tiers`` mark."""
    source = """
        import pytest

        @pytest.mark.tiers("unit", "integration")
        def test_it(tier):
            pass
    """
    write("behaviour/test_b.py", source)

    run().assert_outcomes(passed=2)


def test_a_misspelt_tier_in_the_mark_is_an_error(write: Write, run: Run) -> None:
    """Else its test would silently never run."""
    source = """
        import pytest

        @pytest.mark.tiers("unit", "intergration")
        def test_it(tier):
            pass
    """
    write("behaviour/test_b.py", source)
    result = run()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*::test_it: there is no tier 'intergration'; there is unit, integration, e2e"])


def test_a_behaviour_test_need_not_ask_for_its_tier(write: Write, run: Run) -> None:
    """It stands in all of them all the same, also with parameters of its own."""
    source = """
        import pytest

        @pytest.mark.parametrize("number", [1, 2])
        def test_it(number):
            pass
    """
    write("behaviour/test_b.py", source)

    run("--tier", "unit", "--tier", "integration").assert_outcomes(passed=4, deselected=2)


def test_a_test_can_ask_for_its_tier_anywhere(write: Write, run: Run) -> None:
    """In its own folder it is that folder's."""
    write("unit/test_a.py", "def test_it(tier):\n    assert tier == 'unit'")
    write("test_none.py", "def test_it(tier):\n    assert tier is None")

    run().assert_outcomes(passed=2)


def test_tests_may_be_started_from_another_folder(
    project: pytest.Pytester, write: Write, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tiers are those of the project's root."""
    path = write("unit/test_a.py", EMPTY)
    monkeypatch.chdir("/")

    run("--rootdir", str(project.path), "--tier", "unit", str(path)).assert_outcomes(passed=1)
