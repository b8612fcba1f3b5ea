"""The stacks that tests of Prism run on, and an environment that no variable of the caller's reaches."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ziggurat import RunningStack
    from ziggurat.scope import StackScope

pytest_plugins = ["pytester"]

FOREIGN = ("PRISM_", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "grpc_proxy")
"""Variables by which a caller's shell could change what a service does or where a call goes."""


def pytest_configure() -> None:
    """Take away what the caller's shell says to Prism, gRPC and signals; PRISM_WORKSPACE says only where to build.

    Before any fixture: the process that starts the run stacks has none.
    """
    for name in list(os.environ):
        if name.startswith(FOREIGN) and name != "PRISM_WORKSPACE":
            del os.environ[name]
    # A shell has SIGINT and SIGQUIT ignored for what it runs in the background, and nohup SIGHUP: what a test starts
    # would inherit that.
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


@pytest.fixture(scope="session")
def watched_channels() -> Iterator[None]:
    """Have the calls of all of Prism's clients stand in the timeline of a test that fails."""
    from prism_stack import channel
    from ziggurat import watch

    channel.wrappers.append(watch)
    yield
    channel.wrappers.remove(watch)


@pytest.fixture(scope="session")
def programs(watched_channels: None) -> dict[str, Path]:
    """The paths of Prism's Rust programs, built now."""
    del watched_channels
    from prism_stack import stacks, workspace

    return stacks.paths(workspace.programs())


@pytest.fixture(scope="session")
def spawned_prism(spawned_prism: RunningStack, watched_channels: None) -> RunningStack:
    """A proxy and a runner that all tests of a run share."""
    del watched_channels
    return spawned_prism


@pytest.fixture(scope="session")
def redis_program() -> Path:
    """The path of redis-server, or of Valkey's; where neither is installed the test is skipped, and in CI fails."""
    for name in ("redis-server", "valkey-server"):
        if path := shutil.which(name):
            return Path(path)
    reason = "redis-server is not installed (apt-get install redis-server)"
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}, and in CI it has to be", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def prism_over_redis(session_stacks: StackScope, programs: dict[str, Path], redis_program: Path) -> RunningStack:
    """A proxy and a runner over a Redis, which the tests of a session share."""
    from prism_stack.stacks import Runner, keyvalue_stack, redis_service

    runners = (Runner(redis="{redis.data}"),)
    return session_stacks.start(
        keyvalue_stack(programs, name="over-redis", runners=runners, beside=(redis_service(redis_program),))
    )


@pytest.fixture(scope="session")
def small_prism(small_prism: RunningStack, watched_channels: None) -> RunningStack:
    """A proxy and a runner that holds few keys in each namespace, so that each test can fill one of its own."""
    del watched_channels
    return small_prism


@pytest.fixture
def backend() -> str:
    """Where the records of the spawned stack are."""
    return "memstore"


@pytest.fixture
def prism_endpoint(tier: str, backend: str, request: pytest.FixtureRequest) -> str:
    """The data port of the proxy that serves `default`: of the spawned stack, or in e2e of the running one."""
    if tier == "e2e":
        from prism_stack.full_stack import default_endpoint

        request.getfixturevalue("watched_channels")
        return default_endpoint(request.getfixturevalue("running_stack"))
    stack: RunningStack = request.getfixturevalue("prism_over_redis" if backend == "redis" else "spawned_prism")
    return stack.address("proxy.data")


@pytest.fixture
def small_prism_endpoint(small_prism: RunningStack) -> str:
    """The data port of a proxy before a runner that holds few keys in a namespace."""
    return small_prism.address("proxy.data")
