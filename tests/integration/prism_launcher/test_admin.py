"""A launcher and its admin: registered, told what is to run, heard of, and reconciled when either was away."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Condition
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from prism.control_plane_pb2 import (
    HeartbeatAck,
    LauncherHeartbeatRequest,
    LauncherRegistration,
    LauncherRegistrationAck,
    PatternProcessConfig,
    ProcessAssignment,
    ProcessConfig,
    ProcessHealth,
)
from prism_stack.process.program import bind, new_server

if TYPE_CHECKING:
    from tests.integration.prism_launcher.conftest import Launcher

WAIT_SECONDS = 15.0
OFTEN = ("--heartbeat-interval", "100ms")


@dataclass
class ScriptedAdmin:
    """An admin that wishes what the test says, and keeps what it was told."""

    wishes: list[ProcessAssignment] = field(default_factory=list)
    registrations: list[LauncherRegistration] = field(default_factory=list)
    health: dict[str, ProcessHealth] = field(default_factory=dict)
    last: LauncherHeartbeatRequest = field(default_factory=LauncherHeartbeatRequest)
    knows: bool = False
    address: str = "127.0.0.1:0"
    server: grpc.Server | None = None
    changed: Condition = field(default_factory=Condition)

    def start(self) -> None:
        """Serve, at the same address as before."""
        self.server = new_server(ThreadPoolExecutor(4))
        self.server.add_generic_rpc_handlers((self._handler(),))
        self.address = bind(self.server, self.address)
        self.server.start()

    def stop(self) -> None:
        """Be away, and forget who is there."""
        assert self.server
        self.server.stop(None).wait()
        self.knows = False

    def register(self, request: LauncherRegistration, context: grpc.ServicerContext) -> LauncherRegistrationAck:
        """Take a launcher in."""
        del context
        with self.changed:
            self.registrations.append(request)
            self.knows = True
            self.changed.notify_all()
            return LauncherRegistrationAck(success=True, message="welcome", initial_processes=self.wishes)

    def hear(self, request: LauncherHeartbeatRequest, context: grpc.ServicerContext) -> HeartbeatAck:
        """Take note of what runs."""
        del context
        with self.changed:
            self.last, self.health = request, dict(request.process_health)
            self.changed.notify_all()
            return HeartbeatAck(success=self.knows, message="" if self.knows else "register again")

    def forget(self) -> None:
        """Know the launcher no more, as after a restart, and wait until it has registered again."""
        with self.changed:
            self.knows = False
            count = len(self.registrations)
        self.wait(lambda: len(self.registrations) > count)

    def wait(self, is_so: Callable[[], bool]) -> None:
        """Return once something is so; raise `AssertionError` if it does not come to be."""
        with self.changed:
            if not self.changed.wait_for(is_so, WAIT_SECONDS):
                raise AssertionError(f"not so, but {self.registrations} and {self.last}")

    def await_statuses(self, **statuses: str) -> None:
        """Return once exactly these namespaces' processes are reported, with these statuses."""
        expected = {f"ns:{name}:speaker": status for name, status in statuses.items()}
        self.wait(lambda: {name: each.status for name, each in self.health.items()} == expected)

    def _handler(self) -> grpc.GenericRpcHandler:
        methods: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
            "RegisterLauncher": grpc.unary_unary_rpc_method_handler(
                self.register, LauncherRegistration.FromString, LauncherRegistrationAck.SerializeToString
            ),
            "LauncherHeartbeat": grpc.unary_unary_rpc_method_handler(
                self.hear, LauncherHeartbeatRequest.FromString, HeartbeatAck.SerializeToString
            ),
        }
        return grpc.method_handlers_generic_handler("prism.ControlPlane", methods)


def wish(namespace: str, version: int = 1, pattern: str = "speaker") -> ProcessAssignment:
    """Return what an admin wishes of a namespace."""
    return ProcessAssignment(
        process_id=f"ns:{namespace}:{pattern}",
        process_type="pattern",
        namespace=namespace,
        config=ProcessConfig(pattern=PatternProcessConfig(pattern_type=pattern)),
        version=version,
    )


@pytest.fixture
def admin() -> Iterator[ScriptedAdmin]:
    """An admin that wishes nothing yet."""
    admin = ScriptedAdmin()
    admin.start()
    yield admin
    admin.stop()


@pytest.fixture
def join(start_launcher: Callable[..., Launcher], admin: ScriptedAdmin) -> Callable[..., Launcher]:
    """Start a launcher that joins the admin."""
    return lambda *words: start_launcher("--admin", admin.address, *(words or OFTEN))


def test_a_launcher_introduces_itself(join: Callable[..., Launcher], admin: ScriptedAdmin) -> None:
    """With where it is called, what it can have, and how often it will be heard of."""
    launcher = join("--launcher-id", "l7", "--max-processes", "9", "--heartbeat-interval", "700ms")
    admin.wait(lambda: bool(admin.registrations))

    (told,) = admin.registrations
    assert (told.launcher_id, told.max_processes, list(told.process_types)) == ("l7", 9, ["pattern"])
    assert told.address == launcher.stack.address("launcher.control")
    assert told.metadata["heartbeat_interval_ms"] == "700"
    assert told.version


def test_what_the_admin_wishes_is_started_and_reported(join: Callable[..., Launcher], admin: ScriptedAdmin) -> None:
    """With the figures of the processes and of the launcher."""
    admin.wishes = [wish("a"), wish("b")]
    launcher = join("--max-processes", "9", *OFTEN)
    admin.await_statuses(a="running", b="running")

    for process_id, info in launcher.processes().items():
        health = admin.health[process_id]
        assert (health.pid, health.restart_count, health.error_count) == (info.pid, 0, 0)
        assert health.memory_mb > 5
    resources = admin.last.resources
    assert (admin.last.launcher_id, resources.process_count) == ("launcher-1", 2)
    assert (resources.max_processes, resources.available_slots) == (9, 7)
    assert resources.total_memory_mb >= sum(each.memory_mb for each in admin.health.values())


def test_what_is_no_longer_wished_is_ended_and_what_a_person_launched_is_not(
    join: Callable[..., Launcher], admin: ScriptedAdmin
) -> None:
    """When the admin has said all that it wishes; the rest goes on as it was."""
    admin.wishes = [wish("a"), wish("b")]
    launcher = join()
    launcher.launch(namespace="hand")
    admin.await_statuses(a="running", b="running", hand="running")
    before = launcher.processes()
    admin.wishes = [wish("b"), wish("c")]
    admin.forget()
    admin.await_statuses(b="running", c="running", hand="running")

    after = launcher.processes()
    assert {after[each].pid for each in ("ns:b:speaker", "ns:hand:speaker")} == {
        before[each].pid for each in ("ns:b:speaker", "ns:hand:speaker")
    }


def test_processes_go_on_while_the_admin_is_away(join: Callable[..., Launcher], admin: ScriptedAdmin) -> None:
    """The launcher can be asked for more, says once that nobody hears it, and registers when the admin is back."""
    admin.wishes = [wish("a")]
    launcher = join()
    admin.await_statuses(a="running")
    before = launcher.processes()["ns:a:speaker"]
    admin.stop()
    launcher.log.wait_for("the admin at .* cannot be told anything")
    assert launcher.launch(namespace="hand").healthy
    admin.start()
    admin.wait(lambda: len(admin.registrations) == 2)
    admin.await_statuses(a="running", hand="running")

    after = launcher.processes()["ns:a:speaker"]
    assert (after.pid, after.restart_count) == (before.pid, 0)
    assert len([line for line in launcher.log.lines() if "cannot be told anything" in line]) == 1
    launcher.log.wait_for("the admin at .* is there")


def test_an_admin_that_comes_later_is_found(start_launcher: Callable[..., Launcher], admin: ScriptedAdmin) -> None:
    """A launcher works without it until then."""
    admin.stop()
    launcher = start_launcher("--admin", admin.address, *OFTEN)
    assert launcher.launch(namespace="hand").healthy
    admin.start()

    admin.await_statuses(hand="running")


def test_a_failure_is_told_at_once(join: Callable[..., Launcher], admin: ScriptedAdmin) -> None:
    """Not with the next heartbeat, which may be a minute away; and that it is back, too."""
    admin.wishes = [wish("a")]
    join("--heartbeat-interval", "10m", "--restart-backoff", "200ms..200ms")
    admin.await_statuses(a="running")
    os.kill(admin.health["ns:a:speaker"].pid, signal.SIGKILL)
    admin.await_statuses(a="starting")
    health = admin.health["ns:a:speaker"]
    assert (health.error_count, health.restart_count, health.pid) == (1, 0, 0)
    assert health.last_error.startswith("was ended by SIGKILL")

    admin.wait(lambda: admin.health["ns:a:speaker"].status == "running")
    assert admin.health["ns:a:speaker"].restart_count == 1


def test_a_wish_that_cannot_be_read_ends_nothing(join: Callable[..., Launcher], admin: ScriptedAdmin) -> None:
    """It may be one for what runs: only a whole answer says what is no longer wished."""
    admin.wishes = [wish("a")]
    launcher = join()
    admin.await_statuses(a="running")
    admin.wishes = [wish("b"), wish("c", pattern="unknown")]
    admin.forget()
    admin.await_statuses(a="running", b="running")

    launcher.log.wait_for("the admin wishes ns:c:unknown: pattern unknown is unknown")


def test_a_killed_launcher_registers_again_and_doubles_nothing(
    join: Callable[..., Launcher], admin: ScriptedAdmin
) -> None:
    """What it adopted is what the admin wishes."""
    admin.wishes = [wish("a")]
    launcher = join()
    admin.await_statuses(a="running")
    pid = admin.health["ns:a:speaker"].pid
    launcher.kill_and_restart()
    admin.wait(lambda: len(admin.registrations) == 2)
    admin.await_statuses(a="running")

    assert admin.health["ns:a:speaker"].pid == pid
    assert launcher.at_keeper() == {"ns:a:speaker": pid}
