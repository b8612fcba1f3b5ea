"""What becomes of a namespace between its creation and its deletion."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from prism_stack.errors import Unavailable
from ziggurat import wait_until
from ziggurat.keeper import processes

if TYPE_CHECKING:
    from tests.scenarios.conftest import FullPrism

USABLE_SECONDS = 0.3
"""The issue's figure; CI does not hang on it, `nox -s bench` measures it."""
PATIENCE = 10


def test_the_default_namespace_is_there_from_the_start(prism: FullPrism) -> None:
    """Its runner is one that the launcher started, and its proxy serves it."""
    client = prism.client("default")
    client.set("scenario/default", b"value")

    assert client.get("scenario/default") == b"value"
    client.delete("scenario/default")
    assert prism.process("default").process_id == "ns:default:keyvalue"


def test_a_namespace_can_be_used_at_once_when_it_is_created(prism: FullPrism) -> None:
    """The very first call succeeds: nobody has to wait or to try again."""
    began = time.monotonic()
    namespace = prism.create()
    client = prism.client(namespace)
    client.set("key", b"value")

    assert client.get("key") == b"value"
    assert time.monotonic() - began < USABLE_SECONDS * PATIENCE


def test_two_namespaces_do_not_see_each_other(prism: FullPrism) -> None:
    """Each has a runner of its own, and the same key holds another value in each."""
    red, blue = prism.create(), prism.create()
    prism.client(red).set("key", b"red")
    prism.client(blue).set("key", b"blue")

    assert prism.client(red).get("key") == b"red"
    assert prism.client(blue).get("key") == b"blue"
    assert prism.process(red).pid != prism.process(blue).pid


def test_a_deleted_namespace_takes_its_runner_its_keys_and_its_routes_with_it(prism: FullPrism) -> None:
    """When the answer comes the process is gone, calls are not connected, and a new one of the name is empty."""
    namespace = prism.create()
    client = prism.client(namespace)
    client.set("key", b"value")
    runner = prism.process(namespace).pid

    prism.delete(namespace)

    assert processes.state(runner) in {"", "Z"}
    assert prism.process(namespace) is None
    with pytest.raises(Unavailable, match="not connected"):
        client.get("key")
    prism.create(namespace)
    assert prism.client(namespace).get("key") is None


def test_what_is_created_again_as_it_is_changes_nothing(prism: FullPrism) -> None:
    """The runner goes on with its data."""
    namespace = prism.create()
    prism.client(namespace).set("key", b"value")
    runner = prism.process(namespace).pid
    prism.admin.create_namespace(namespace, settings={})

    assert prism.process(namespace).pid == runner
    assert prism.client(namespace).get("key") == b"value"


def test_a_setting_of_a_namespace_reaches_its_runner(prism: FullPrism) -> None:
    """One that has room for two keys refuses the third, in-band."""
    namespace = prism.create(max_keys="2")
    client = prism.client(namespace)
    results = client.batch_set([("a", b"1"), ("b", b"2"), ("c", b"3")])

    assert [result.succeeded for result in results] == [True, True, False]
    assert "capacity" in results[2].error
    assert wait_until(lambda: prism.process(namespace).healthy, seconds=5, what="a healthy runner")
