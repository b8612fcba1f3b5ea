"""What became of the run stacks, as a person reads it."""

import os

from ziggurat.errors import Damage, Ending, Loss, ServiceExited
from ziggurat.run.journal import Failure, Journal, damage_of

CRASH = Loss("web", "exited", -9)


def test_a_failure_of_the_toolkit_is_whole_without_a_traceback() -> None:
    """And brief in one line."""
    failure = Failure("shop", "did not start", ServiceExited("web", Ending(64), ["bad flag"]))

    assert failure.brief == "it did not start: ServiceExited: web exited with code 64 while it was starting"
    assert failure.whole.splitlines()[-1] == "  | bad flag"


def test_a_failure_of_the_projects_own_code_has_its_traceback() -> None:
    """Nobody else shows it."""
    try:
        _ = os.environ["MISSING"]
    except KeyError as error:
        failure = Failure("shop", "did not start", error)

    assert '_ = os.environ["MISSING"]' in failure.whole
    assert failure.brief == "it did not start: KeyError: 'MISSING'"


def test_a_damage_travels_whole() -> None:
    """As the keeper tells it."""
    loss = {"service": "web", "state": "exited", "exit_status": -9}
    told = {"losses": [loss], "tests": ["test_a"], "last": ["test_b"], "alone": False}

    assert damage_of("shop", told) == Damage(stack="shop", losses=(CRASH,), tests=("test_a",), last=("test_b",))


def test_a_damage_names_losses_and_tests() -> None:
    """Those of that moment apart from those of before."""
    damage = Damage(stack="shop", losses=(CRASH, Loss("db", "paused")), tests=("test_a",), last=("test_b",))

    assert str(damage).splitlines() == [
        "the run stack shop was damaged: web was ended by SIGKILL, db stands still (SIGSTOP)",
        "  while used by test_a",
        "  used just before by test_b",
    ]


def test_what_happened_while_no_test_ran_is_nobodys_failure_yet() -> None:
    """So the run has to fail for it."""
    journal = Journal()
    journal.damages.append(Damage(stack="shop", losses=(CRASH,), tests=("test_a",)))
    assert not journal.is_unblamed
    journal.damages.append(Damage(stack="shop", losses=(CRASH,), tests=()))

    assert journal.is_unblamed
