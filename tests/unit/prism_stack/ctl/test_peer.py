"""Who is registered with the admin, from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from prism_stack.ctl.peer import heard

if TYPE_CHECKING:
    from tests.unit.prism_stack.ctl.conftest import FakeWorld, Type


def test_proxies_are_listed_with_where_they_serve_what(prismctl: Type) -> None:
    """One line each, within 100 columns."""
    heading, line = prismctl("proxy", "list").out.splitlines()

    assert line.split() == ["proxy-1", "healthy", "127.0.0.1:9090", "127.0.0.1:9190", "0-255", "1", "never"]
    assert max(len(heading), len(line)) <= 100


def test_the_fields_of_a_proxy_stay(prismctl: Type) -> None:
    """Programs rely on them."""
    assert prismctl("proxy", "list", "--json").document == {
        "proxies": [
            {
                "proxy_id": "proxy-1",
                "status": "healthy",
                "address": "127.0.0.1:9090",
                "control_address": "127.0.0.1:9190",
                "partition_ranges": [{"start": 0, "end": 255}],
                "namespaces": 1,
                "last_heartbeat_millis": 0,
                "version": "0.1.0",
            }
        ]
    }


def test_launchers_are_listed_with_how_much_room_they_have(prismctl: Type) -> None:
    """One line each."""
    line = prismctl("launcher", "list").out.splitlines()[1]

    assert line.split() == ["launcher-1", "healthy", "127.0.0.1:7070", "1", "of", "100", "never"]


def test_the_fields_of_a_launcher_stay(prismctl: Type) -> None:
    """Programs rely on them."""
    assert prismctl("launcher", "list", "--json").document == {
        "launchers": [
            {
                "launcher_id": "launcher-1",
                "status": "healthy",
                "address": "127.0.0.1:7070",
                "processes": 1,
                "max_processes": 100,
                "last_heartbeat_millis": 0,
                "version": "0.1.0",
            }
        ]
    }


def test_nobody_is_told_in_words_and_as_an_empty_list(prismctl: Type, fakes: FakeWorld) -> None:
    """No heading without lines."""
    fakes.control.proxies, fakes.control.launchers = [], []

    assert prismctl("proxy", "list").out == "no proxies are registered\n"
    assert prismctl("launcher", "list").out == "no launchers are registered\n"
    assert prismctl("proxy", "list", "--json").document == {"proxies": []}


@pytest.mark.parametrize(("millis", "told"), [(0, "never"), (95_000, "5s ago"), (200_000, "0s ago")])
def test_when_a_peer_was_heard_of_is_told_as_a_span(millis: int, told: str) -> None:
    """Of another clock that is ahead of ours too."""
    assert heard({"last_heartbeat_millis": millis}, 100.0) == told
