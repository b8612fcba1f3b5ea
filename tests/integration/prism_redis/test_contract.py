"""The store in Redis keeps the contract that memstore keeps."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from prism_stack.stacks import redis_service
from prism_stack.workspace import find_manifest
from ziggurat import Stack

if TYPE_CHECKING:
    from ziggurat.scope import StackScope

COMMAND = ("cargo", "test", "--locked", "-p", "redis-store", "--test", "contract")


@pytest.mark.timeout(900)  # It may have to be compiled.
def test_a_redis_keeps_the_contract_of_every_store(test_stacks: StackScope, redis_program: Path) -> None:
    """Every rule of the contract suite holds over a Redis that was started for it."""
    redis = test_stacks.start(Stack(name="contract", services=(redis_service(redis_program),)))
    url = f"redis://{redis.address('redis.data')}"

    tested = subprocess.run(
        [*COMMAND, "--manifest-path", find_manifest(), "--", "--ignored"],
        env={**os.environ, "PRISM_TEST_REDIS_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )

    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "test contract::a_value_comes_back ... ok" in tested.stdout
