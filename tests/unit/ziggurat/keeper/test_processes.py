"""What /proc says, asked about this very process."""

import os

import pytest

from ziggurat.keeper import processes

HERE = os.getpid()
NOBODY = 1 << 30


def test_this_process_is_the_same_as_itself() -> None:
    """By pid and start time."""
    assert processes.is_same(HERE, processes.start_time(HERE))
    assert not processes.is_same(HERE, processes.start_time(HERE) - 1)


def test_nobody_is_not_the_same_as_nobody() -> None:
    """A start time of 0 means that there is no such process."""
    assert processes.start_time(NOBODY) == 0
    assert not processes.is_same(NOBODY, 0)


def test_this_process_runs() -> None:
    """In its session, as a child of its parent."""
    assert processes.state(HERE) == "R"
    assert processes.session(HERE) == os.getsid(0)
    assert HERE in processes.children_of_all()[os.getppid()]
    assert HERE in processes.children(os.getppid())
    assert HERE in processes.descendants(os.getppid())
    assert HERE in processes.every_pid()


def test_its_words_and_variables_are_those_it_was_started_with() -> None:
    """Not what it made of them since."""
    assert "pytest" in processes.command(HERE)
    assert processes.environment(HERE)["PATH"] == os.environ["PATH"]
    assert not processes.has_no_memory(HERE)
    assert not processes.is_doomed(HERE)


@pytest.mark.parametrize(
    ("ask", "answer"),
    [
        (processes.state, ""),
        (processes.session, 0),
        (processes.children, []),
        (processes.descendants, []),
        (processes.environment, {}),
        (processes.command, ""),
        (processes.has_no_memory, False),
        (processes.is_doomed, False),
    ],
)
def test_of_nobody_nothing_is_known(ask: object, answer: object) -> None:
    """And nothing is an error: it may have ended just now."""
    assert callable(ask)
    assert ask(NOBODY) == answer
