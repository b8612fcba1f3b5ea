"""prismctl, typed as a person types it, before a real admin, a real proxy and a real runner."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from prism_stack.stacks import Proxy, Runner, keyvalue_stack
from ziggurat import wait_until

if TYPE_CHECKING:
    from tests.integration.prism_admin.conftest import Admin

    from prism_stack.admin.testing import ScriptedPeer
    from ziggurat.scope import StackScope

COMMAND_SECONDS = 30
NOT_TEXT = bytes(range(256))
SECRET = "s3cret"  # noqa: S105 - it opens nothing


@dataclass(frozen=True, slots=True)
class Typed:
    """Runs prismctl in an environment of the test's own."""

    environment: dict[str, str]

    def __call__(self, *words: str, code: int = 0, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run one command and check its exit code."""
        done = self.any(*words, stdin=stdin)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def any(self, *words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run one command, whatever its exit code is."""
        command = [str(Path(sys.executable).parent / "prismctl"), *words]
        return subprocess.run(
            command, env=self.environment, input=stdin, capture_output=True, timeout=COMMAND_SECONDS, check=False
        )

    def document(self, *words: str) -> Any:  # noqa: ANN401 - each command has its own
        """Return the one JSON document that a command prints."""
        return json.loads(self(*words, "--json").stdout)


@pytest.fixture
def prismctl(
    admin: Admin,
    launcher: ScriptedPeer,
    test_stacks: StackScope,
    programs: dict[str, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Typed:
    """Asks an admin with one proxy and a launcher that says yes; a runner serves every namespace."""
    del launcher
    address = admin.stack.address("admin.control")
    joining = Proxy(arguments=("--admin", address, "--proxy-id", "proxy-1", "--admin-heartbeat-interval", "100ms"))
    stack = keyvalue_stack(programs, proxy=joining, runners=(Runner(namespace="*"),))
    # Without the probe of the whole: nothing is assigned yet.
    test_stacks.start(replace(stack, ready=()))
    wait_until(lambda: "proxy-1" in admin.proxies(), seconds=COMMAND_SECONDS, what="the proxy to register")
    runtime = tmp_path_factory.mktemp("xdg")
    runtime.chmod(0o700)
    return Typed({**os.environ, "XDG_RUNTIME_DIR": str(runtime), "PRISM_ADMIN": address})


@pytest.fixture
def orders(prismctl: Typed) -> str:
    """A namespace that is served."""
    prismctl("namespace", "create", "orders", "--set", "max_keys=100")
    wait_until(lambda: prismctl.any("kv", "exists", "-n", "orders", "k").returncode == 1, seconds=10, what="a runner")
    return "orders"


def test_bytes_come_back_as_they_were_put(prismctl: Typed, orders: str, tmp_path: Path) -> None:
    """By argument, by file and by standard input; nothing is added on the way out."""
    (tmp_path / "value").write_bytes(NOT_TEXT)
    prismctl("kv", "set", "-n", orders, "a", "v")
    prismctl("kv", "set", "-n", orders, "b", "--file", str(tmp_path / "value"))
    prismctl("kv", "set", "-n", orders, "c", "-", stdin=NOT_TEXT)

    assert [prismctl("kv", "get", "-n", orders, key).stdout for key in "abc"] == [b"v", NOT_TEXT, NOT_TEXT]


def test_a_missing_key_is_exit_code_1_with_one_line(prismctl: Typed, orders: str) -> None:
    """Nothing is on stdout."""
    done = prismctl("kv", "get", "-n", orders, "missing", code=1)

    assert done.stdout == b""
    assert done.stderr == b"prismctl: there is no key 'missing' in namespace orders\n"


def test_a_key_lives_as_long_as_it_was_told_to(prismctl: Typed, orders: str) -> None:
    """Expiry is set, told, cleared; a key that is deleted is not there."""
    prismctl("kv", "set", "-n", orders, "k", "v")
    prismctl("kv", "expire", "-n", orders, "k", "1h")
    assert 3590 < int(prismctl("kv", "ttl", "-n", orders, "k").stdout) <= 3600

    prismctl("kv", "persist", "-n", orders, "k")
    assert prismctl("kv", "ttl", "-n", orders, "k").stdout == b"never\n"

    prismctl("kv", "delete", "-n", orders, "k")
    prismctl("kv", "exists", "-n", orders, "k", code=1)


def test_a_key_that_is_too_long_is_the_callers_fault(prismctl: Typed, orders: str) -> None:
    """As the runner says it."""
    done = prismctl("kv", "get", "-n", orders, "k" * 65537, code=64)

    assert b"INVALID_ARGUMENT" in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_a_namespace_is_listed_shown_and_deleted(prismctl: Typed, orders: str) -> None:
    """And unknown afterwards."""
    listed = prismctl.document("namespace", "list")["namespaces"]
    assert [(each["namespace"], each["status"], each["proxy_id"]) for each in listed] == [(orders, "active", "proxy-1")]
    settings = prismctl.document("namespace", "show", orders)["config"]["patterns"]["keyvalue"]["settings"]
    assert settings == {"max_keys": "100"}

    assert b"namespace orders is deleted, and" in prismctl("namespace", "delete", orders).stdout
    assert b"namespace orders is unknown" in prismctl("kv", "get", "-n", orders, "k", code=1).stderr


def test_one_that_exists_otherwise_is_not_created_again(prismctl: Typed, orders: str) -> None:
    """As it is, it may be; otherwise the line says what to do."""
    prismctl("namespace", "create", orders, "--set", "max_keys=100")
    done = prismctl("namespace", "create", orders, "--set", "max_keys=5", code=1)

    assert b"exists with another configuration; choose another name" in done.stderr


def test_peers_are_listed_as_the_admin_has_them(prismctl: Typed) -> None:
    """Proxies with their partitions, launchers with their room."""
    proxy = prismctl.document("proxy", "list")["proxies"][0]
    launcher = prismctl.document("launcher", "list")["launchers"][0]

    assert (proxy["proxy_id"], proxy["status"], proxy["partition_ranges"]) == (
        "proxy-1",
        "healthy",
        [{"start": 0, "end": 255}],
    )
    assert (launcher["launcher_id"], launcher["status"]) == ("l1", "healthy")


def test_no_secret_of_a_namespace_is_ever_said(prismctl: Typed) -> None:
    """Not what it was created with, by variable; not by the admin to whoever asks it."""
    url = f"redis://me:{SECRET}@127.0.0.1:6379/0"
    told = replace(prismctl, environment={**prismctl.environment, "PRISM_BACKEND_URL": url})
    said = [
        told("namespace", "create", "cache"),
        prismctl("namespace", "show", "cache"),
        prismctl("namespace", "show", "cache", "--json"),
        prismctl("namespace", "list", "--json"),
    ]

    assert b"redis://me:redacted@127.0.0.1:6379/0" in said[1].stdout
    assert not [done for done in said if SECRET.encode() in done.stdout + done.stderr]


def test_data_is_reached_while_the_admin_is_away(prismctl: Typed, admin: Admin, orders: str) -> None:
    """By the proxy that is named; one error tells that the admin is away, and how to name another."""
    prismctl("kv", "set", "-n", orders, "k", "v")
    proxy = prismctl.document("proxy", "list")["proxies"][0]["address"]
    admin.stack["admin"].kill()

    assert prismctl("kv", "get", "-n", orders, "k", "--proxy", proxy).stdout == b"v"
    away = prismctl("namespace", "list", code=69).stderr.decode()
    assert away.endswith("does not answer (connection refused); is --admin or PRISM_ADMIN right?\n")
    assert away.count("\n") == 1
