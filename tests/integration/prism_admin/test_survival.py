"""What was acknowledged survives the admin's end, however it ends; what was not is not there by halves."""

from __future__ import annotations

import itertools
import random
import resource
import secrets
import stat
import subprocess
import sys
import threading
from functools import partial
from typing import TYPE_CHECKING

import grpc
import pytest

from prism.control_plane_pb2 import CreateNamespaceRequest
from ziggurat import ServiceExited, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.integration.prism_admin.conftest import Admin

    from prism_stack.admin.testing import ScriptedPeer, Told

KILLS = 50
CALLERS = 4
LATEST_SECONDS = 0.1
"""Of a kill after the first yes of its round: many creations are under way by then, in every phase."""


def reaches(values: list[str], count: int) -> bool:
    """Tell whether there are so many."""
    return len(values) >= count


@pytest.mark.timeout(600)
def test_every_acknowledged_namespace_survives_fifty_kills_in_the_middle_of_writes(
    admin: Admin, proxy: ScriptedPeer, launcher: ScriptedPeer
) -> None:
    """Callers create all the time while the admin is killed; each yes is kept, and each peer agrees with the admin."""
    seed = secrets.randbits(32)
    chance = random.Random(seed)  # noqa: S311 - moments, not secrets
    acknowledged: list[str] = []
    tried: list[str] = []
    enough = threading.Event()

    def keep_creating(caller: int) -> None:
        for count in itertools.count():
            if enough.is_set():
                return
            name = f"c{caller}-{count}"
            tried.append(name)
            try:
                admin.create(name, timeout=2)
            except grpc.RpcError:
                continue
            acknowledged.append(name)

    callers = [threading.Thread(target=keep_creating, args=(number,)) for number in range(CALLERS)]
    for caller in callers:
        caller.start()
    try:
        for _ in range(KILLS):
            wait_until(partial(reaches, acknowledged, len(acknowledged) + 1), seconds=30, what="a creation")
            enough.wait(chance.uniform(0, LATEST_SECONDS))
            admin.kill_and_restart()
    finally:
        enough.set()
        for caller in callers:
            caller.join()
    admin.register_proxy("p1", proxy)
    admin.register_launcher("l1", launcher)

    there = admin.all_namespaces()
    assert set(acknowledged) <= set(there) <= set(tried), f"seed {seed}"
    proxy.await_held(*there)
    launcher.await_held(*(f"ns:{name}:keyvalue" for name in there))
    assert set(admin.all_namespaces().values()) == {"active"}, f"seed {seed}"


def test_after_a_restart_peers_are_asked_to_register_and_nothing_is_told_twice(
    admin: Admin, proxy: ScriptedPeer, launcher: ScriptedPeer
) -> None:
    """Heartbeats are kept in memory only; what was acknowledged before is not in doubt."""
    admin.create("orders")
    ranges = admin.proxies()["p1"].partition_ranges
    wait_until(lambda: admin.namespaces()["orders"].status == "active", seconds=5, what="an active namespace")
    admin.kill_and_restart()

    assert admin.beat_proxy("p1", "orders").message == "register again"
    assert admin.namespaces()["orders"].status in {"active", "moving"}
    ack = admin.register_proxy("p1", proxy)
    admin.register_launcher("l1", launcher)
    assert [each.namespace for each in ack.initial_namespaces] == ["orders"]
    assert admin.proxies()["p1"].partition_ranges == ranges
    assert admin.namespaces()["orders"].status == "active"


def test_a_deletion_goes_on_after_a_kill(admin: Admin, proxy: ScriptedPeer, launcher: ScriptedPeer) -> None:
    """The namespace is gone in the end without anybody asking again."""
    del proxy
    admin.create("orders")
    launcher.script = lambda _: grpc.StatusCode.UNAVAILABLE
    with pytest.raises(grpc.RpcError):
        admin.delete("orders", timeout=0.5)
    admin.kill_and_restart()
    assert admin.namespaces()["orders"].status == "deleting"

    launcher.script = lambda _: None
    wait_until(lambda: not admin.namespaces(), seconds=10, what="the end of the deletion")


def test_a_creation_that_was_under_way_is_undone_after_a_kill(
    admin: Admin, proxy: ScriptedPeer, launcher: ScriptedPeer
) -> None:
    """Nobody was told that it exists: the proxy that had said yes lets go."""
    launcher.script = lambda told: grpc.StatusCode.UNAVAILABLE if told.verb == "AssignProcess" else None
    creating = admin.control.CreateNamespace.future(_request("orders"), timeout=10)
    proxy.await_held("orders")
    launcher.await_told("AssignProcess", "ns:orders:keyvalue")
    admin.kill_and_restart()

    assert creating.code() is grpc.StatusCode.UNAVAILABLE
    assert admin.namespaces() == {}
    proxy.await_held()


def test_a_full_disk_is_unavailable_and_leaves_no_half_of_a_namespace(
    admin: Admin, proxy: ScriptedPeer, launcher: ScriptedPeer, tmp_path: Path
) -> None:
    """The file may grow no further; nobody is told anything, reads go on, and with room again so do creations."""
    admin.create("before")
    pid = admin.stack["admin"].pid
    assert pid is not None
    size = (tmp_path / "admin.db-wal").stat().st_size
    unlimited = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, unlimited[1]))
    with pytest.raises(grpc.RpcError) as failed:
        admin.create("orders")

    assert failed.value.code() is grpc.StatusCode.UNAVAILABLE
    assert "cannot be written" in (failed.value.details() or "")
    assert set(admin.namespaces()) == {"before"}
    assert (set(proxy.held), launcher.verbs("ns:orders:keyvalue")) == ({"before"}, [])
    resource.prlimit(pid, resource.RLIMIT_FSIZE, unlimited)
    assert admin.create("orders").success


def test_a_disk_that_fills_up_while_peers_are_told_leaves_no_half_of_a_namespace(
    admin: Admin, proxy: ScriptedPeer, launcher: ScriptedPeer, tmp_path: Path
) -> None:
    """Its peers had said yes: they are told to let go, and after a kill nothing of it comes back."""
    admin.create("before")
    pid = admin.stack["admin"].pid
    unlimited = resource.prlimit(pid, resource.RLIMIT_FSIZE)

    def fill_disk(told: Told) -> None:
        if told.item == "ns:orders:keyvalue" and told.verb == "AssignProcess":
            size = (tmp_path / "admin.db-wal").stat().st_size
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, unlimited[1]))

    launcher.script = fill_disk
    with pytest.raises(grpc.RpcError) as failed:
        admin.create("orders")

    assert failed.value.code() is grpc.StatusCode.UNAVAILABLE
    assert set(admin.namespaces()) == {"before"}
    proxy.await_held("before")
    launcher.await_held("ns:before:keyvalue")
    launcher.script = lambda _: None
    admin.kill_and_restart()
    assert set(admin.namespaces()) == {"before"}
    assert admin.create("orders").success


def test_the_state_is_for_its_owner_alone(admin: Admin, proxy: ScriptedPeer, tmp_path: Path) -> None:
    """The database and what lies beside it may hold credentials."""
    del admin, proxy
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("admin.db*")}

    assert set(modes.values()) == {0o600}, modes


def test_a_second_admin_on_the_same_state_is_refused(admin: Admin, tmp_path: Path) -> None:
    """It says who holds what, and exits 69."""
    del admin
    command = (sys.executable, "-m", "prism_stack.admin", "--listen", "127.0.0.1:0", "--state", tmp_path / "admin.db")
    second = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    assert second.returncode == 69
    assert "another prism-admin holds it" in second.stderr


def test_a_taken_address_ends_the_start_with_its_name(
    start_admin: Callable[..., Admin], admin: Admin, tmp_path: Path
) -> None:
    """Exit 71, as the process contract has it."""
    taken = admin.stack.address("admin.control")
    with pytest.raises(ServiceExited) as ended:
        start_admin("--listen", taken, "--state", tmp_path / "other.db")

    assert taken in str(ended.value)
    assert "71" in str(ended.value)


def test_a_drain_ends_with_zero(admin: Admin, proxy: ScriptedPeer) -> None:
    """SIGTERM is obeyed although peers are registered."""
    del proxy
    assert admin.stack["admin"].terminate().status == 0


def test_a_drain_waits_no_longer_than_it_may_for_a_peer_that_does_not_answer(
    start_admin: Callable[..., Admin], peers: Callable[..., ScriptedPeer]
) -> None:
    """The caller hears of it, and what was being created is undone."""
    admin = start_admin("--heartbeat-interval", "60s", "--drain-timeout", "200ms")
    silent = peers(lambda _: grpc.StatusCode.UNAVAILABLE)
    admin.register_proxy("p1", silent)
    admin.register_launcher("l1", silent)
    creating = admin.control.CreateNamespace.future(_request("orders"), timeout=30)
    silent.await_told("AssignNamespace", "orders")
    ending = admin.stack["admin"].terminate()

    assert ending.status == 0
    assert creating.code() in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}
    admin.stack["admin"].restart()
    wait_until(admin.answers, seconds=10, what="a connection to the admin")
    assert admin.namespaces() == {}


def _request(name: str) -> CreateNamespaceRequest:
    return CreateNamespaceRequest(namespace=name)
