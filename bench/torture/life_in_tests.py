"""The same life in tests: run by pytest with a worker for each, not collected with the suite."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bench.torture.life import RUNNING, STARTING, STOPPING, Teller, stack

if TYPE_CHECKING:
    from ziggurat.scope import StackScope

FILE, *KINDS = os.environ.get("LIFE", "nowhere").split()
WORKERS = 2


@pytest.fixture(scope="session")
def stacks(request: pytest.FixtureRequest) -> StackScope:
    """Tell that a stack is being started before even its keeper is."""
    Teller(Path(FILE)).tell(STARTING)
    scope: StackScope = request.getfixturevalue("session_stacks")
    return scope


@pytest.mark.parametrize("number", range(WORKERS))
def test_a_life(stacks: StackScope, number: int) -> None:
    """Run on a stack of the session until it is to be stopped, which the teardown does."""
    del number
    teller = Teller(Path(FILE))
    stacks.start(stack(*KINDS))
    teller.tell(RUNNING)
    teller.await_going()
    teller.tell(STOPPING)
