"""Errors carry the facts of the call, and their class says whose fault it is."""

from datetime import timedelta

import pytest

from prism_stack import errors
from prism_stack.errors import CallFacts, PrismError, UsageError, WorldError, call_error

MEANINGS = {
    "OK": errors.Refused,
    "INVALID_ARGUMENT": errors.InvalidArgument,
    "FAILED_PRECONDITION": errors.FailedPrecondition,
    "UNIMPLEMENTED": errors.Unimplemented,
    "RESOURCE_EXHAUSTED": errors.LimitExceeded,
    "OUT_OF_RANGE": errors.LimitExceeded,
    "UNAVAILABLE": errors.Unavailable,
    "DEADLINE_EXCEEDED": errors.DeadlineExceeded,
    "ALREADY_EXISTS": errors.AlreadyExists,
    "NOT_FOUND": errors.NotFound,
    "INTERNAL": errors.UnexpectedStatus,
    "UNKNOWN": errors.UnexpectedStatus,
    "CANCELLED": errors.UnexpectedStatus,
}


def facts(status: str) -> CallFacts:
    """What is known of a call that ended so."""
    return CallFacts(
        method="Set", address="127.0.0.1:9090", status=status, details="because", deadline=timedelta(seconds=5)
    )


@pytest.mark.parametrize(("status", "kind"), MEANINGS.items(), ids=MEANINGS)
def test_a_status_means_one_error(status: str, kind: type[errors.CallError]) -> None:
    """Each status becomes the class that its meaning has."""
    assert type(call_error(facts(status))) is kind


@pytest.mark.parametrize("kind", dict.fromkeys(MEANINGS.values()), ids=lambda kind: kind.__name__)
def test_an_error_is_either_the_callers_or_the_worlds(kind: type[errors.CallError]) -> None:
    """Every leaf of the tree is on exactly one of its two branches."""
    assert issubclass(kind, UsageError) != issubclass(kind, WorldError)


def test_every_error_has_one_root() -> None:
    """One `except PrismError` catches all that the module defines."""
    defined = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]

    assert all(issubclass(kind, PrismError) for kind in defined)


def test_an_error_carries_the_facts_of_its_call() -> None:
    """What the message says can be asked for, so that nobody parses it."""
    error = call_error(facts("UNAVAILABLE"))

    assert (error.method, error.address, error.status) == ("Set", "127.0.0.1:9090", "UNAVAILABLE")
    assert (error.details, error.deadline) == ("because", timedelta(seconds=5))
    assert str(error) == "Set at 127.0.0.1:9090: UNAVAILABLE: because"


def test_exit_codes_tell_usage_from_world() -> None:
    """A command that fails says whether calling it differently would help."""
    assert call_error(facts("INVALID_ARGUMENT")).exit_code == 64
    assert call_error(facts("UNAVAILABLE")).exit_code == 69


@pytest.mark.parametrize("status", ["OK", "NOT_FOUND", "ALREADY_EXISTS"])
def test_an_answer_that_says_no_is_exit_code_1(status: str) -> None:
    """Nothing failed: a script can tell a no from a peer that is away."""
    assert call_error(facts(status)).exit_code == 1
