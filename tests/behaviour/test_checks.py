"""The six checks of the integration runner hold of the data layer."""

from collections.abc import Callable

from prism_stack.checks import run_checks
from prism_stack.keyvalue import KeyValue


def test_all_six_checks_pass(keyvalue: KeyValue, new_key: Callable[[str], str]) -> None:
    """What people and CI run without pytest passes in every tier."""
    results = list(run_checks(keyvalue, new_key("checked")))

    assert [str(result) for result in results if not result.passed] == []
    assert len(results) == 6
