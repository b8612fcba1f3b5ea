"""A real Redis that is there and refuses: no password, no memory, no writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from prism_stack.client import KeyValueClient
from prism_stack.errors import Refused
from prism_stack.stacks import Runner, keyvalue_stack, redis_service

if TYPE_CHECKING:
    from ziggurat.scope import StackScope

Client = Callable[..., AbstractContextManager[KeyValueClient]]

PASSWORD = "s3cret"  # noqa: S105 - of a Redis that lives as long as the test


@pytest.fixture
def client(test_stacks: StackScope, programs: dict[str, Path], redis_program: Path) -> Client:
    """Opens a client of a proxy and a runner over a Redis with these settings."""

    @contextmanager
    def client(*settings: str, login: str = "") -> Iterator[KeyValueClient]:
        redis = redis_service(redis_program, *settings)
        stack = keyvalue_stack(programs, runners=(Runner(redis=f"{login}{{redis.data}}"),), beside=(redis,))
        with KeyValueClient(test_stacks.start(stack).address("proxy.data")) as client:
            yield client

    return client


def test_a_password_opens_redis(client: Client) -> None:
    """The login of the URL is used."""
    with client("--requirepass", PASSWORD, login=f":{PASSWORD}@") as keyvalue:
        keyvalue.set("key", b"value")

        assert keyvalue.get("key") == b"value"


def test_a_full_redis_refuses_writes_and_goes_on_reading(client: Client) -> None:
    """A write that has no room is refused in the words of Redis; reading and deleting need none."""
    with client("--maxmemory", "1") as keyvalue:
        with pytest.raises(Refused, match="redis failed: OOM "):
            keyvalue.set("key", b"value")

        assert keyvalue.get("key") is None
        keyvalue.delete("key")


def test_a_replica_refuses_writes(client: Client) -> None:
    """A Redis that only follows another is told from one that is away."""
    with client("--replicaof", "127.0.0.1 1") as keyvalue, pytest.raises(Refused, match="redis failed: READONLY "):
        keyvalue.set("key", b"value")
