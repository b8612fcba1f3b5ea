"""Which tier a path is in, and what that tier allows."""

from pathlib import PurePath

import pytest

from ziggurat.errors import SpecError
from ziggurat.tiers import (
    ALLOWED,
    DEFAULT_FOLDERS,
    NETWORK,
    PROCESSES,
    Tier,
    allowed_in,
    parse_folders,
    tiers_below,
    tiers_of,
)

FOLDERS = parse_folders(list(DEFAULT_FOLDERS))
EVERY = frozenset(Tier)


@pytest.mark.parametrize(
    ("path", "tiers"),
    [
        ("tests/unit/test_a.py", {Tier.UNIT}),
        ("tests/unit/deep/er/test_a.py", {Tier.UNIT}),
        ("tests/integration/test_a.py", {Tier.INTEGRATION}),
        ("tests/e2e/test_a.py", {Tier.E2E}),
        ("tests/behaviour/test_a.py", EVERY),
        ("tests/test_a.py", frozenset()),
        ("tests/unity/test_a.py", frozenset()),
        ("elsewhere/tests/unit/test_a.py", frozenset()),
    ],
)
def test_a_test_is_in_the_tier_of_its_folder(path: str, tiers: frozenset[Tier]) -> None:
    """And in none where no folder above it was declared."""
    assert tiers_of(PurePath(path), FOLDERS) == tiers


def test_the_nearest_folder_decides() -> None:
    """A slow corner of the unit tests may be another tier."""
    folders = parse_folders(["unit=tests", "integration=tests/slow"])

    assert tiers_of(PurePath("tests/slow/test_a.py"), folders) == {Tier.INTEGRATION}
    assert tiers_of(PurePath("tests/quick/test_a.py"), folders) == {Tier.UNIT}


def test_a_file_may_be_declared() -> None:
    """Not only a folder."""
    folders = parse_folders(["e2e=tests/test_smoke.py"])

    assert tiers_of(PurePath("tests/test_smoke.py"), folders) == {Tier.E2E}


@pytest.mark.parametrize("line", ["unit", "tests/unit", "", "slow=tests/slow", "=tests"])
def test_a_line_that_is_no_tier_and_folder_is_refused(line: str) -> None:
    """With the tiers that there are."""
    with pytest.raises(SpecError, match="unit, integration, e2e, all"):
        parse_folders([line])


def test_blanks_around_the_sign_do_not_matter() -> None:
    """A settings file may be aligned."""
    assert parse_folders(["unit = tests/unit"]) == {PurePath("tests/unit"): frozenset({Tier.UNIT})}


@pytest.mark.parametrize(
    ("folder", "tiers"),
    [
        ("tests/unit", {Tier.UNIT}),
        ("tests/unit/deep", {Tier.UNIT}),
        ("tests/behaviour", EVERY),
        ("tests", None),
        ("elsewhere", None),
    ],
)
def test_a_folder_holds_the_tests_of_its_tiers(folder: str, tiers: frozenset[Tier] | None) -> None:
    """Or any, where nothing was declared for it."""
    assert tiers_below(PurePath(folder), FOLDERS) == tiers


def test_a_folder_holds_those_declared_below_it_too() -> None:
    """Else leaving out a folder would leave out the other tier in its corner."""
    folders = parse_folders(["unit=tests", "integration=tests/slow"])

    assert tiers_below(PurePath("tests"), folders) == frozenset({Tier.UNIT, Tier.INTEGRATION})


def test_the_unit_tier_allows_neither_network_nor_processes() -> None:
    """The two above it allow both."""
    assert ALLOWED[Tier.UNIT] == frozenset()
    assert allowed_in(NETWORK) == allowed_in(PROCESSES) == ["integration", "e2e"]


def test_a_folder_with_several_lines_stands_in_each_of_their_tiers() -> None:
    """For tests that need real processes, whoever started them."""
    folders = parse_folders(["integration=tests/scenarios", "e2e=tests/scenarios"])

    assert folders == {PurePath("tests/scenarios"): frozenset({Tier.INTEGRATION, Tier.E2E})}
