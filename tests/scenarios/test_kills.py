"""Whatever is killed comes back, and meanwhile the rest goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from prism_stack.ctl.status import look
from prism_stack.errors import CallError, Unavailable
from prism_stack.testing import grows, load_on
from ziggurat import wait_until

if TYPE_CHECKING:
    from tests.scenarios.conftest import FullPrism

    from prism.launcher.launcher_pb2 import PatternInfo
    from prism_stack.client import KeyValueClient

pytestmark = pytest.mark.exclusive
BACK_SECONDS = 3.0
"""What is promised for a killed runner: to be back and serving."""
RETURN_SECONDS = 20.0
"""For a part of the control plane to be back: how long Python takes to load on a busy machine is nobody's promise."""
CALL_TIMEOUT = timedelta(seconds=15)
"""That a call succeeds is judged here, not how soon it does."""
COMMAND_SECONDS = 60
MOVE_SECONDS = 15.0
"""For a namespace to be with another proxy: three heartbeats of silence, and then some calls."""
BREAKER_SECONDS = 40.0
"""Five starts with pauses of 1, 2, 4 and 8 s between them, each up to a fifth longer, and room for a slow machine."""


def test_a_killed_runner_is_back_and_serving_within_three_seconds(prism: FullPrism) -> None:
    """On the same port; the launcher counts it, and tells the new pid."""
    namespace = prism.create()
    client = prism.client(namespace)
    client.set("key", b"value")
    before = prism.process(namespace)
    os.kill(before.pid, signal.SIGKILL)
    began = time.monotonic()
    wait_until(lambda: not succeeds(client) or None, seconds=1, what="a call that sees the loss")
    wait_until(lambda: succeeds(client), seconds=BACK_SECONDS, what="a call that succeeds")

    assert time.monotonic() - began < BACK_SECONDS
    after = prism.process(namespace)
    assert after.address == before.address
    assert after.pid != before.pid
    assert after.restart_count == before.restart_count + 1


def test_calls_go_on_while_the_launcher_is_killed_and_it_adopts_what_runs(prism: FullPrism) -> None:
    """The runner is the same process before and after, and the launcher can still end it."""
    namespace = prism.create()
    runner = prism.process(namespace)
    with load_on(prism.endpoint(namespace), namespace=namespace, timeout=CALL_TIMEOUT) as load:
        wait_until(grows(load.acknowledged), seconds=5, what="a first acknowledged call")
        prism.kill("launcher")
        wait_until(lambda: knows(prism, namespace, runner.pid), seconds=RETURN_SECONDS, what="the launcher to adopt it")
        wait_until(grows(load.acknowledged), seconds=5, what="a further acknowledged call")

    assert load.errors == []
    assert look(prism.stack).answers
    prism.delete(namespace)
    assert prism.process(namespace) is None


def test_calls_go_on_while_the_admin_is_killed_and_it_returns_with_every_namespace(prism: FullPrism) -> None:
    """What it had acknowledged is there, active, and on the proxy that had it."""
    namespace = prism.create()
    owner = prism.owner(namespace)
    with load_on(prism.endpoint(namespace), namespace=namespace, timeout=CALL_TIMEOUT) as load:
        wait_until(grows(load.acknowledged), seconds=5, what="a first acknowledged call")
        prism.kill("admin")
        wait_until(lambda: is_active(prism, namespace), seconds=RETURN_SECONDS, what="the namespace to be active")
        wait_until(grows(load.acknowledged), seconds=5, what="a further acknowledged call")

    assert load.errors == []
    assert prism.owner(namespace) == owner


def test_a_killed_proxy_is_back_on_its_ports_with_its_namespaces(prism: FullPrism) -> None:
    """Runners register with it anew, and the same client succeeds again."""
    namespace = prism.create()
    client = prism.client(namespace)
    client.set("key", b"value")
    prism.kill(prism.owner(namespace))

    wait_until(lambda: succeeds(prism.client(namespace)), seconds=RETURN_SECONDS, what="a call that succeeds")
    assert prism.client(namespace).get("key") == b"value"


def test_the_namespaces_of_a_proxy_that_stays_away_are_served_by_the_other(
    prism: FullPrism, other_proxy: Callable[[str], str]
) -> None:
    """With their data; once it is back it has its share again."""
    namespace = prism.create()
    prism.client(namespace).set("key", b"value")
    away = prism.owner(namespace)
    other = other_proxy(away)
    prism.stack[away].kill()
    try:
        wait_until(lambda: prism.owner(namespace) == other, seconds=MOVE_SECONDS, what="the namespace to move")
        wait_until(lambda: succeeds(prism.client(namespace)), seconds=MOVE_SECONDS, what="a call that succeeds")
        assert prism.client(namespace).get("key") == b"value"
    finally:
        prism.stack[away].restart()
    wait_until(lambda: prism.owner(namespace) == away, seconds=MOVE_SECONDS, what="the namespace to be back")
    wait_until(lambda: succeeds(prism.client(namespace)), seconds=MOVE_SECONDS, what="a call that succeeds")


def test_the_breaker_opens_on_a_crash_loop_and_the_rest_is_untouched(prism: FullPrism) -> None:
    """`pattern list` says why; a termination forgets it, history and all."""
    namespace = prism.create()
    launched = prism.launcher.launch_pattern("keyvalue", namespace="crash-loop", config={"backend": "nonsense"})
    try:
        assert not launched.healthy
        assert "nonsense" in launched.error
        failed = wait_until(lambda: failed_process(prism), seconds=BREAKER_SECONDS, what="the breaker to open")
        assert failed is not None
        assert "nonsense" in failed.last_error
        assert failed.error_count >= 5
        assert "nonsense" in listed(prism)
    finally:
        prism.launcher.terminate_pattern("ns:crash-loop:keyvalue")

    assert prism.process("crash-loop") is None
    assert prism.process(namespace).restart_count == 0
    assert succeeds(prism.client(namespace))
    assert look(prism.stack).answers


def test_status_names_each_part_and_each_process_as_it_is(prism: FullPrism) -> None:
    """Also right after a kill, and when a namespace has come or gone."""
    namespace = prism.create()
    process_id = f"ns:{namespace}:keyvalue"

    def shown() -> dict[str, str]:
        return {part.name: part.state for part in look(prism.stack).parts}

    parts = {*prism.stack.services, "ns:default:keyvalue"}
    assert shown() == dict.fromkeys({*parts, process_id}, "running")
    prism.delete(namespace)
    assert shown() == dict.fromkeys(parts, "running")
    assert [part.problem for part in look(prism.stack).parts if part.problem] == []


def listed(prism: FullPrism) -> str:
    """Return what `prismctl pattern list` says of the stack's launcher."""
    prismctl = str(Path(sys.executable).parent / "prismctl")
    command = [prismctl, "pattern", "list", "--launcher", prism.stack.address("launcher.control")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=COMMAND_SECONDS)
    return done.stdout


def succeeds(client: KeyValueClient) -> bool:
    """Say whether a call succeeds now."""
    try:
        client.exists("key")
    except CallError:
        return False
    return True


def knows(prism: FullPrism, namespace: str, pid: int) -> bool:
    """Say whether the launcher is there and tells of a namespace's runner that it runs as this pid."""
    try:
        process = prism.process(namespace)
    except Unavailable:
        return False
    return process is not None and process.pid == pid and process.healthy


def is_active(prism: FullPrism, namespace: str) -> bool:
    """Say whether the admin is there and has a namespace that is active."""
    try:
        return bool(prism.admin.get_namespace(namespace).status == "active")
    except Unavailable:
        return False


def failed_process(prism: FullPrism) -> PatternInfo | None:
    """Return the process of the crash loop once it is FAILED."""
    from prism.launcher.launcher_pb2 import STATE_FAILED

    process = prism.process("crash-loop")
    return process if process is not None and process.state == STATE_FAILED else None
