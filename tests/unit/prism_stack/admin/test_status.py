"""The status that people see of a namespace."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.prism_stack.admin.conftest import namespace_of, placements_of

from prism_stack.admin.model import Condition, Health, Phase, ProcessHealth
from prism_stack.admin.status import Status, status_of

NAMESPACE = namespace_of("n")
HELD = tuple(placements_of(NAMESPACE))
AWAITED = tuple(placements_of(NAMESPACE, acknowledged=False))
WELL = Condition(proxy=Health.HEALTHY, launcher=Health.HEALTHY, placements=HELD)


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        (WELL, Status("active")),
        (replace(WELL, proxy=Health.GONE), Status("failed", "proxy p1 is gone, and no other is healthy")),
        (replace(WELL, launcher=Health.GONE), Status("failed", "launcher l1 is gone, and no other has room")),
        (
            replace(WELL, launcher=Health.UNHEALTHY),
            Status("active", "launcher l1 is silent: nobody supervises its process"),
        ),
        (replace(WELL, processes=(ProcessHealth(status="failed"),)), Status("failed", "its process failed")),
        (replace(WELL, processes=(ProcessHealth(status="failed", last_error="x"),)), Status("failed", "x")),
        (replace(WELL, processes=(ProcessHealth(status="running"),)), Status("active")),
        (
            replace(WELL, placements=AWAITED, refusals=("no",)),
            Status("moving", "waiting for launcher l1, proxy p1; no"),
        ),
        (
            replace(WELL, placements=(*HELD, replace(AWAITED[0], wanted=False))),
            Status("active"),
        ),
    ],
)
def test_an_active_namespace_is_as_its_surroundings_are(condition: Condition, status: Status) -> None:
    """One word of the contract, and why."""
    assert status_of(NAMESPACE, condition) == status


@pytest.mark.parametrize("phase", [Phase.PENDING, Phase.DELETING])
def test_a_namespace_between_states_says_whom_it_waits_for(phase: Phase) -> None:
    """The word is the phase's own."""
    found = status_of(replace(NAMESPACE, phase=phase), replace(WELL, placements=AWAITED))

    assert found == Status(phase.value, "waiting for launcher l1, proxy p1")
