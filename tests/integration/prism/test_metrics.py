"""What proxy and runner tell of their calls, as whoever collects figures reads it."""

from __future__ import annotations

import re
from http.client import HTTPConnection
from uuid import uuid4

import pytest

from prism_stack.client import KeyValueClient
from prism_stack.stacks import KEYVALUE_SERVICE
from ziggurat import RunningStack, wait_until

CALLS = 5
SAMPLE = re.compile(r"[a-z_]+(\{([a-z]+=\"[^\"]*\",?)+\})? [0-9.e+-]+")
SECONDS = 10.0


@pytest.mark.exclusive
def test_both_programs_count_the_calls_that_went_through(spawned_prism: RunningStack) -> None:
    """A call through the proxy is one more at the proxy's control port and one more at the runner's.

    Alone with the stack: the calls of others are counted too.
    """
    places = [spawned_prism.address("proxy.control"), spawned_prism.address("runner.data")]
    before = [successes(place) for place in places]

    with KeyValueClient(spawned_prism.address("proxy.data")) as client:
        for _ in range(CALLS):
            client.exists(uuid4().hex)

    expected = [count + CALLS for count in before]
    wait_until(lambda: [successes(place) for place in places] == expected, seconds=SECONDS, what="every call to count")


def test_every_line_is_a_sample_or_a_comment(spawned_prism: RunningStack) -> None:
    """The page is in the form that Prometheus reads, and says so."""
    for place in (spawned_prism.address("proxy.control"), spawned_prism.address("runner.data")):
        kind, text = page(place)

        assert kind.startswith("text/plain; version=0.0.4")
        assert [line for line in text.splitlines() if not line.startswith("# ") and not SAMPLE.fullmatch(line)] == []


def successes(address: str) -> int:
    """Return how many calls of the key-value service ended well, by a program's figures."""
    sample = f'prism_calls_total{{service="{KEYVALUE_SERVICE}",status="OK"}} '
    _, text = page(address)
    return next(int(line.removeprefix(sample)) for line in text.splitlines() if line.startswith(sample))


def page(address: str) -> tuple[str, str]:
    """Return the type and the text of a program's figures."""
    connection = HTTPConnection(address, timeout=SECONDS)
    try:
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        return answer.headers["content-type"], answer.read().decode()
    finally:
        connection.close()
