"""Stacks over a Redis of the test's own, to be ill-treated."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import pytest

from prism_stack.channel import open_channel
from prism_stack.stacks import KEYVALUE_SERVICE, Runner, keyvalue_stack, redis_service

if TYPE_CHECKING:
    from ziggurat import RunningStack
    from ziggurat.scope import StackScope

DURABLE = ("--appendonly", "yes", "--appendfsync", "always")
"""A Redis that acknowledges what is on the disk, so that its restart loses nothing."""
CHECK_SECONDS = 5.0
SERVING = b"\x08\x01"


@pytest.fixture
def prism(test_stacks: StackScope, programs: dict[str, Path], redis_program: Path) -> RunningStack:
    """A proxy and a runner over a durable Redis."""
    redis = redis_service(redis_program, *DURABLE)
    return test_stacks.start(keyvalue_stack(programs, runners=(Runner(redis="{redis.data}"),), beside=(redis,)))


@pytest.fixture
def proxy_serves(prism: RunningStack) -> Callable[[], bool]:
    """Tells whether the proxy's control port says that the key-value service is served."""
    return lambda: _is_serving(prism.address("proxy.control"))


def _is_serving(control: str) -> bool:
    name = KEYVALUE_SERVICE.encode()
    with open_channel(control) as channel:
        check: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary("/grpc.health.v1.Health/Check")
        # A message of the protocol has one field: the request the name, the answer the status.
        answer = check(b"\x0a" + bytes([len(name)]) + name, timeout=CHECK_SECONDS)
    return answer == SERVING
