"""The stack of `prismctl local start`, as a person finds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prism_stack.ctl.status import look

if TYPE_CHECKING:
    from ziggurat import RunningStack


def test_status_says_that_every_part_runs_and_the_whole_answers(running_stack: RunningStack) -> None:
    """No part has a problem, and each runs the build that stands now."""
    status = look(running_stack)

    assert status.answers
    assert {part.name for part in status.parts} >= {"admin", "launcher", "proxy-1", "ns:default:keyvalue"}
    assert [part.problem for part in status.parts if part.problem] == []
