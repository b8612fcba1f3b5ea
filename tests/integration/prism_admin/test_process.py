"""prism-admin keeps the process contract: ready, health, signals, exit codes, logs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import grpc
import pytest

from prism.control_plane_pb2 import BackendConfig, CreateNamespaceRequest, NamespaceConfig
from ziggurat import wait_until
from ziggurat.hang import own_dump

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.integration.prism_admin.conftest import Admin

    from prism_stack.admin.testing import ScriptedPeer

PROGRAM = (sys.executable, "-m", "prism_stack.admin")


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run prism-admin to its end."""
    environment = {**os.environ, **variables}
    return subprocess.run(
        [*PROGRAM, *arguments], env=environment, capture_output=True, text=True, timeout=30, check=False
    )


@pytest.mark.parametrize("service", ["", "prism.ControlPlane", "prism.admin.Admin"])
def test_its_health_is_told_by_service(admin: Admin, service: str) -> None:
    """The program itself, and both services that it serves."""
    channel = grpc.insecure_channel(admin.stack.address("admin.control"))
    check: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary("/grpc.health.v1.Health/Check")
    with channel:
        assert check(b"\x0a" + bytes([len(service)]) + service.encode() if service else b"", timeout=5) == b"\x08\x01"


def test_a_second_signal_ends_a_drain_at_once(
    start_admin: Callable[..., Admin], peers: Callable[..., ScriptedPeer]
) -> None:
    """A drain waits for a call under way; the second signal does not."""
    admin = start_admin("--heartbeat-interval", "60s")
    silent = peers(lambda _: grpc.StatusCode.UNAVAILABLE)
    admin.register_proxy("p1", silent)
    admin.register_launcher("l1", silent)
    creating = admin.control.CreateNamespace.future(CreateNamespaceRequest(namespace="orders"), timeout=30)
    silent.await_told("AssignNamespace", "orders")
    service = admin.stack["admin"]
    service.signal(signal.SIGTERM)
    wait_until(lambda: _refuses(admin), seconds=5, what="the drain")
    service.signal(signal.SIGTERM)

    assert service.wait_ended(5).status == 143
    assert creating.code() is grpc.StatusCode.UNAVAILABLE


def test_every_configuration_error_is_told_and_the_exit_is_64() -> None:
    """By the name of the flag or the variable."""
    done = run("--listen", "localhost:1", "--what", "1", PRISM_HEARTBEAT_INTERVAL="often")

    assert done.returncode == 64
    assert [line.split()[1] for line in done.stderr.splitlines()] == [
        "--listen",
        "PRISM_HEARTBEAT_INTERVAL",
        "--what",
        "see",
    ]


def test_a_state_folder_that_cannot_be_made_ends_the_start() -> None:
    """Exit 69, with the path."""
    done = run("--listen", "127.0.0.1:0", "--state", "/dev/null/admin.db")

    assert (done.returncode, "/dev/null" in done.stderr) == (69, True)


def test_a_notify_socket_that_is_dead_ends_the_start(tmp_path: Path) -> None:
    """Whoever waits there for readiness would wait for ever."""
    dead = str(tmp_path / "nobody")
    done = run("--listen", "127.0.0.1:0", "--state", str(tmp_path / "admin.db"), NOTIFY_SOCKET=dead)

    assert (done.returncode, dead in done.stderr) == (69, True)


def test_the_version_is_the_same_for_people_and_programs() -> None:
    """The build id is a hash of the packages' files."""
    known = json.loads(run("--version", "--json").stdout)

    assert known["name"] == "prism-admin"
    assert known["build_id"] in run("--version").stdout


def test_logs_are_json_lines_where_asked_for_and_hold_no_credentials(
    start_admin: Callable[..., Admin], peers: Callable[..., ScriptedPeer]
) -> None:
    """Each line is one object."""
    admin = start_admin("--log-format", "json", "--log-level", "debug", "--heartbeat-interval", "60s")
    admin.register_proxy("p1", peers())
    admin.register_launcher("l1", peers())
    secret = BackendConfig(backend_type="redis", credentials={"password": "hunter2"})
    admin.create("orders", config=NamespaceConfig(backends={"main": secret}))
    admin.stack["admin"].log.wait_for("launcher l1 registered")
    lines = admin.stack["admin"].log.whole_lines()

    assert all(set(json.loads(line)) >= {"timestamp", "level", "message"} for line in lines)
    assert not any("hunter2" in line for line in lines)


def _refuses(admin: Admin) -> bool:
    try:
        admin.proxies()
    except grpc.RpcError:
        return True
    return False


def test_sigquit_has_it_tell_where_its_threads_stand(admin: Admin) -> None:
    """And who its peers are; it goes on."""
    service = admin.stack["admin"]
    pid = service.pid
    part = own_dump.ask(pid, signal.SIGQUIT, 20.0)

    text = "\n".join(part.lines)
    assert "(most recent call first):" in text
    assert f"dump of prism-admin, pid {pid}, up for " in text
    assert text.endswith("peers: 0\nend of dump")
    assert admin.answers()
