"""What Prism's programs tell of themselves when a test hangs on them."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from ziggurat.hang import own_dump

if TYPE_CHECKING:
    from ziggurat import RunningService, RunningStack

PATIENCE = 20.0


def dump_of(service: RunningService) -> str:
    """Return what a service says when it is asked by SIGQUIT."""
    part = own_dump.ask(service.pid, signal.SIGQUIT, PATIENCE)
    assert part.problem == ""
    return "\n".join(part.lines)


def test_a_proxy_tells_its_streams_routes_and_runners(spawned_prism: RunningStack) -> None:
    """And whether each of its runtimes still runs anything."""
    text = dump_of(spawned_prism["proxy"])

    assert "runtime main: runs a new task after " in text
    assert "data port: Serving, " in text
    assert "streams: " in text
    assert "KeyValueBasicInterface in " in text
    assert f"at {spawned_prism.address('runner.data')}, well" in text
    assert "runners connected to: 1" in text
    assert text.endswith("end of dump")


def test_a_runner_tells_its_calls_and_proxies(spawned_prism: RunningStack) -> None:
    """A call inside, with its age: the stream of its registration is none of them."""
    text = dump_of(spawned_prism["runner"])

    assert "gate: takes new calls\ncalls inside: 0 under way" in text
    assert f"proxies: 1\n  {spawned_prism.address('proxy.control')}: " in text


@pytest.mark.parametrize("name", ["proxy", "runner"])
def test_a_dump_ends_nothing(spawned_prism: RunningStack, name: str) -> None:
    """The program serves on."""
    pid = spawned_prism[name].pid
    dump_of(spawned_prism[name])

    spawned_prism.wait_ready(PATIENCE)
    assert spawned_prism[name].pid == pid
