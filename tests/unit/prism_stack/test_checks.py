"""The six checks say what they found, in the words that people and CI look for."""

from datetime import timedelta
from typing import cast

from prism_stack.checks import CheckResult, run_checks, verdict
from prism_stack.errors import CallFacts, Unavailable
from prism_stack.keyvalue import KeyValue
from prism_stack.testing import FakeKeyValue

ALL_WELL = """\
Test 1: Set key - ✅ Set operation succeeded
Test 2: Get key - ✅ Get operation succeeded, value matches
Test 3: Check key exists - ✅ Exists operation succeeded
Test 4: Delete key - ✅ Delete operation succeeded
Test 5: Verify key deleted - ✅ Key no longer exists
Test 6: Get non-existent key - ✅ Non-existent key returns not found
✅ All integration tests passed!"""


NO_TIME = timedelta()


class Forgetful(FakeKeyValue):
    """Stores nothing, and says that it did."""

    def set(self, key: str, value: bytes) -> None:
        """Forget."""


class Clinging(FakeKeyValue):
    """Removes nothing, and says that it did."""

    def delete(self, key: str) -> None:
        """Cling."""


class Away:
    """Is never there."""

    def __getattr__(self, method: str) -> object:
        facts = CallFacts(
            method=method, address="here:1", status="UNAVAILABLE", details="not connected", deadline=NO_TIME
        )

        def call(*_arguments: object) -> None:
            raise Unavailable(facts)

        return call


def output(keyvalue: KeyValue) -> list[str]:
    """What a run of the checks prints."""
    results = list(run_checks(keyvalue, "key"))
    return [*map(str, results), verdict(results)]


def test_a_store_that_works_passes_all_six() -> None:
    """The lines are those that are looked for, to the letter."""
    assert "\n".join(output(FakeKeyValue())) == ALL_WELL


def test_a_lost_value_is_found_missing() -> None:
    """A failing check tells what was expected and what came, and the others run all the same."""
    lines = output(Forgetful())

    assert lines[1] == "Test 2: Get key - ❌ expected the value b'as it was set', got None"
    assert lines[2] == "Test 3: Check key exists - ❌ expected the key to exist (True), got False"
    assert lines[3] == ALL_WELL.splitlines()[3]
    assert lines[-1] == "❌ 2 of 6 integration tests failed"


def test_a_key_that_stays_is_found() -> None:
    """Deleting is checked by asking again."""
    assert output(Clinging())[4] == "Test 5: Verify key deleted - ❌ expected the key to be gone (False), got True"


def test_a_call_that_fails_is_a_check_that_fails() -> None:
    """The error is told as what came instead."""
    lines = output(cast("KeyValue", Away()))

    assert lines[0].endswith("❌ expected the value to be stored, got set at here:1: UNAVAILABLE: not connected")
    assert lines[-1] == "❌ 6 of 6 integration tests failed"


def test_a_result_comes_as_its_check_finishes() -> None:
    """Nobody waits for the sixth check to hear of the first."""
    keyvalue = FakeKeyValue()

    first: CheckResult = next(run_checks(keyvalue, "key"))

    assert first.passed
    assert keyvalue.exists("key")
