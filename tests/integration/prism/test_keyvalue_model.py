"""Random calls through proxy, runner and store are answered as a dictionary would answer them."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from prism_stack.client import KeyValueClient
from prism_stack.testing import KeyValueMachine
from ziggurat import RunningStack

# About a second; each run draws others, and what fails is drawn again first.
EFFORT = settings(max_examples=30, stateful_step_count=40, deadline=None)


MEMSTORE = pytest.param("spawned_prism", marks=pytest.mark.shared("spawned_prism"))


@pytest.fixture(params=[MEMSTORE, "prism_over_redis"], ids=["memstore", "redis"])
def client(request: pytest.FixtureRequest) -> Iterator[KeyValueClient]:
    """A client of a spawned stack, over either store."""
    prism: RunningStack = request.getfixturevalue(request.param)
    with KeyValueClient(prism.address("proxy.data"), timeout=timedelta(seconds=10)) as client:
        yield client


def test_the_stack_answers_as_a_dictionary_would(client: KeyValueClient) -> None:
    """Whatever the order of the calls, a client can think of the stack as of a dictionary with expiries."""

    class StackMachine(KeyValueMachine):
        """The stack, each run on keys of its own."""

        keyvalue = client

        def __init__(self) -> None:
            super().__init__()
            self.prefix = f"{uuid4().hex}/"

    run_state_machine_as_test(StackMachine, settings=EFFORT)
