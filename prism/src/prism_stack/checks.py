"""The six checks that prove that a call travels to a store and back."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from prism_stack.errors import PrismError
from prism_stack.keyvalue import KeyValue

VALUE = b"as it was set"

Probe = Callable[[KeyValue, str], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing to find out about a key, given what the checks before it did."""

    title: str
    probe: Probe
    wanted: object
    """What the probe returns where all is well."""
    expected: str
    """The same in words, after "expected"."""
    success: str
    """What is said where all is well."""


@dataclass(frozen=True, slots=True)
class Passed:
    """A check that found what it should."""

    message: str

    def __str__(self) -> str:
        return f"✅ {self.message}"


@dataclass(frozen=True, slots=True)
class Failed:
    """A check that found something else."""

    expected: str
    got: str

    def __str__(self) -> str:
        return f"❌ expected {self.expected}, got {self.got}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What became of a check; `str()` is its line of output."""

    number: int
    title: str
    outcome: Passed | Failed

    @property
    def passed(self) -> bool:
        """Whether it found what it should."""
        return isinstance(self.outcome, Passed)

    def __str__(self) -> str:
        return f"Test {self.number}: {self.title} - {self.outcome}"


CHECKS = (
    Check(
        title="Set key",
        probe=lambda keyvalue, key: keyvalue.set(key, VALUE),
        wanted=None,
        expected="the value to be stored",
        success="Set operation succeeded",
    ),
    Check(
        title="Get key",
        probe=lambda keyvalue, key: keyvalue.get(key),
        wanted=VALUE,
        expected=f"the value {VALUE!r}",
        success="Get operation succeeded, value matches",
    ),
    Check(
        title="Check key exists",
        probe=lambda keyvalue, key: keyvalue.exists(key),
        wanted=True,
        expected="the key to exist (True)",
        success="Exists operation succeeded",
    ),
    Check(
        title="Delete key",
        probe=lambda keyvalue, key: keyvalue.delete(key),
        wanted=None,
        expected="the key to be removed",
        success="Delete operation succeeded",
    ),
    Check(
        title="Verify key deleted",
        probe=lambda keyvalue, key: keyvalue.exists(key),
        wanted=False,
        expected="the key to be gone (False)",
        success="Key no longer exists",
    ),
    Check(
        title="Get non-existent key",
        probe=lambda keyvalue, key: keyvalue.get(f"{key}/never-set"),
        wanted=None,
        expected="no value (None)",
        success="Non-existent key returns not found",
    ),
)


def run_checks(keyvalue: KeyValue, key: str) -> Iterator[CheckResult]:
    """Run the checks on a key that nobody else uses, and give each result as its check finishes."""
    for number, check in enumerate(CHECKS, start=1):
        yield CheckResult(number=number, title=check.title, outcome=outcome(check, keyvalue, key))


def outcome(check: Check, keyvalue: KeyValue, key: str) -> Passed | Failed:
    """Run one check; a call that fails is a check that fails."""
    try:
        got = check.probe(keyvalue, key)
    except PrismError as error:
        return Failed(check.expected, str(error))
    return Passed(check.success) if got == check.wanted else Failed(check.expected, repr(got))


def verdict(results: Sequence[CheckResult]) -> str:
    """Return the last line of output."""
    failed = [result for result in results if not result.passed]
    if not failed:
        return "✅ All integration tests passed!"
    return f"❌ {len(failed)} of {len(results)} integration tests failed"
