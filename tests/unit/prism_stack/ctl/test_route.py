"""Which proxy is asked for a namespace's keys, and what is told where nobody answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.prism_stack.ctl.conftest import ADMIN, PROXY, failed

from prism.admin.admin_pb2 import ProxyInfo

if TYPE_CHECKING:
    from tests.unit.prism_stack.ctl.conftest import FakeWorld, Type

REFUSED = "connection refused"
LOCAL = {
    "admin.control": "127.0.0.1:1",
    "launcher.control": "127.0.0.1:2",
    "proxy-2.data": "127.0.0.1:4",
    "proxy-10.data": "127.0.0.1:5",
    "proxy-1.data": "127.0.0.1:3",
    "proxy-1.control": "127.0.0.1:6",
}


def admin_away(fakes: FakeWorld, address: str) -> None:
    """Let nobody answer where the admin should be."""
    fakes.control.failure = failed("GetNamespace", "UNAVAILABLE", "failed to connect")
    fakes.silent = {address: REFUSED}


def test_a_proxy_that_is_named_is_asked_without_the_admin(prismctl: Type, fakes: FakeWorld) -> None:
    """By the option, for whoever has no admin."""
    prismctl("kv", "get", "k", "--proxy", "10.0.0.1:9090")

    assert fakes.asked == ["10.0.0.1:9090"]


def test_a_variable_names_an_endpoint_and_an_option_wins(
    prismctl: Type, fakes: FakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For each of the three parts that commands ask."""
    monkeypatch.setenv("PRISM_PROXY", "10.0.0.1:1")
    monkeypatch.setenv("PRISM_ADMIN", "10.0.0.1:2")
    monkeypatch.setenv("PRISM_LAUNCHER", "10.0.0.1:3")
    prismctl("kv", "get", "k")
    prismctl("namespace", "list")
    prismctl("pattern", "list")
    prismctl("pattern", "list", "--launcher", "10.0.0.1:4")

    assert fakes.asked == ["10.0.0.1:1", "10.0.0.1:2", "10.0.0.1:3", "10.0.0.1:4"]


def test_the_local_stack_comes_before_the_documented_ports(prismctl: Type, fakes: FakeWorld) -> None:
    """So that one on free ports is found."""
    fakes.local = LOCAL
    prismctl("kv", "get", "k")
    prismctl("pattern", "list")

    assert fakes.asked == ["127.0.0.1:1", PROXY, "127.0.0.1:2"]


def test_while_the_admin_is_away_the_local_proxies_are_asked(prismctl: Type, fakes: FakeWorld) -> None:
    """In the order of their numbers; data calls go on without an admin, and so do these."""
    fakes.local = LOCAL
    admin_away(fakes, "127.0.0.1:1")
    fakes.keys().set("k", b"v")

    assert prismctl("kv", "get", "k").raw == b"v"
    assert fakes.asked == ["127.0.0.1:1", "127.0.0.1:3", "127.0.0.1:4", "127.0.0.1:5"]


def test_an_admin_that_hangs_keeps_nobody_from_the_data(prismctl: Type, fakes: FakeWorld) -> None:
    """Somebody listens there, and does not answer."""
    fakes.local = LOCAL
    fakes.control.failure = failed("GetNamespace", "DEADLINE_EXCEEDED")
    fakes.keys().set("k", b"v")

    assert prismctl("kv", "get", "k").raw == b"v"


def test_without_admin_and_local_stack_the_documented_port_is_asked(prismctl: Type, fakes: FakeWorld) -> None:
    """A proxy and a runner alone are enough for data."""
    admin_away(fakes, ADMIN)
    prismctl("kv", "get", "k")

    assert fakes.asked == [ADMIN, PROXY]


def test_an_admin_that_was_named_must_answer(prismctl: Type, fakes: FakeWorld) -> None:
    """Whoever names one does not mean another system."""
    admin_away(fakes, "10.0.0.1:2")
    done = prismctl("kv", "get", "k", "--admin", "10.0.0.1:2")

    assert done.code == 69
    assert done.err == (
        "prismctl: the admin at 10.0.0.1:2 does not answer (connection refused); is --admin or PRISM_ADMIN right?\n"
    )
    assert fakes.asked == ["10.0.0.1:2"]


ADVICE = {
    "nothing runs": ({}, ADMIN, "is a stack running? start one with: prismctl local start"),
    "a part of the local stack": (LOCAL, "127.0.0.1:1", "see: prismctl local status"),
}


@pytest.mark.parametrize("case", ADVICE)
def test_who_is_away_is_told_with_what_to_do(prismctl: Type, fakes: FakeWorld, case: str) -> None:
    """It depends on why just that address was asked."""
    local, address, advice = ADVICE[case]
    fakes.local = local
    admin_away(fakes, address)
    done = prismctl("namespace", "list")

    assert done.code == 69
    assert f"the admin at {address} does not answer (connection refused); {advice}" in done.err
    assert done.err.count("\n") == 1


def test_a_call_that_fails_at_one_who_listens_keeps_its_reason(prismctl: Type, fakes: FakeWorld) -> None:
    """A full disk of the admin is no admin that is away."""
    fakes.control.failure = failed("ListNamespaces", "UNAVAILABLE", "the admin's database cannot be written")
    done = prismctl("namespace", "list")

    assert done.code == 69
    assert "the admin's database cannot be written" in done.err


def test_a_namespace_that_no_proxy_serves_is_told_with_its_status(prismctl: Type, fakes: FakeWorld) -> None:
    """As the admin has it, with the reason."""
    fakes.control.proxies = [ProxyInfo(proxy_id="other", address="127.0.0.1:1")]
    fakes.control.namespaces["default"].status = "failed"
    fakes.control.namespaces["default"].reason = "proxy proxy-1 is gone"
    done = prismctl("kv", "get", "k")

    assert done.code == 69
    assert "namespace default is failed and served by no proxy (proxy proxy-1 is gone); see: prismctl pro" in done.err


def test_an_unknown_namespace_is_exit_code_1(prismctl: Type) -> None:
    """With where the known ones are listed."""
    done = prismctl("kv", "get", "-n", "orders", "k")

    assert done.code == 1
    assert done.err.endswith("namespace orders is unknown; see: prismctl namespace list\n")
