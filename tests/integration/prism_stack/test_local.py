"""`prismctl local`, typed as a person types it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from prism_stack.client import KeyValueClient
from prism_stack.defaults import ADMIN_PORT
from ziggurat import Tier, wait_until
from ziggurat.keeper import ports, processes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.prism_stack.conftest import Typed

START = ("local", "start", "--no-build", "--ports", "auto")
PARTS, RUNNER = ("admin", "launcher", "proxy-1"), "ns:default:keyvalue"
DEFAULT_PORTS = (8981, 7070, 9090, 9190)
PORT_TAKEN, UNFIT, USAGE, NO = 71, 69, 64, 1
LOOPBACK = "127.0.0.1"
REFUSED_SECONDS, PATIENCE = 2.0, 5
"""For a start to be refused, as promised; and how many times that a busy machine gets."""


@dataclass(frozen=True, slots=True)
class TakenPort:
    """A port that something listens on."""

    number: int
    owner: int
    """The pid of what does."""


@pytest.fixture
def local(typed: Typed) -> dict[str, Any]:
    """A local stack on free ports; what its `status --json` says."""
    typed.run("prismctl", *START)
    return status_of(typed)


def status_of(typed: Typed, code: int = 0) -> dict[str, Any]:
    """Return what `prismctl local status --json` says."""
    found: dict[str, Any] = json.loads(typed.run("prismctl", "local", "status", "--json", code=code).stdout)
    return found


def part(status: dict[str, Any], name: str) -> dict[str, Any]:
    """Return one service of a status."""
    found: dict[str, Any] = next(part for part in status["parts"] if part["name"] == name)
    return found


def names_in(said: str) -> set[str]:
    """Return the names at the beginning of lines."""
    return {line.partition(" ")[0] for line in said.splitlines()}


def all_gone(status: dict[str, Any]) -> bool:
    """Say whether no process of a stack runs any more."""
    pids = [status["keeper_pid"], *(part["pid"] for part in status["parts"])]
    return all(processes.state(pid) in {"", "Z"} for pid in pids)


def test_start_returns_when_calls_succeed_and_prints_the_addresses(typed: Typed) -> None:
    """The first call after it succeeds, at the address that it printed."""
    said = json.loads(typed.run("prismctl", *START, "--json").stdout)

    with KeyValueClient(said["addresses"]["proxy-1.data"]) as client:
        client.set("key", b"value")
        assert client.get("key") == b"value"


def test_a_second_start_is_refused_with_where_the_first_is(typed: Typed, local: dict[str, Any]) -> None:
    """It names the keeper, and leaves the running stack as it is."""
    said = typed.run("prismctl", *START, code=70).stderr

    assert f"already running: keeper {local['keeper_pid']}" in said
    assert part(status_of(typed), "admin")["pid"] == part(local, "admin")["pid"]


def test_stop_returns_when_all_is_gone(typed: Typed, local: dict[str, Any]) -> None:
    """No process is left, status says so, and a second stop says that there is nothing to stop."""
    typed.run("prismctl", "local", "stop")

    assert wait_until(lambda: all_gone(local), seconds=2, what="the end of keeper and parts")
    assert not status_of(typed, code=UNFIT)["running"]
    assert "no local stack is running" in typed.run("prismctl", "local", "stop", code=UNFIT).stderr


def test_a_part_that_is_killed_comes_back_and_status_tells(typed: Typed, local: dict[str, Any]) -> None:
    """The keeper starts it again on its port, and the stack answers."""
    before = part(local, "proxy-1")
    os.kill(before["pid"], signal.SIGKILL)

    def back() -> dict[str, Any] | None:
        done = typed.run_any("prismctl", "local", "status", "--json")
        now: dict[str, Any] = json.loads(done.stdout)
        return now if now["answers"] and part(now, "proxy-1")["pid"] not in {0, before["pid"]} else None

    now = wait_until(back, seconds=10, what="the proxy to be back")
    assert now is not None
    assert part(now, "proxy-1")["restarts"] == 1
    assert part(now, "proxy-1")["endpoints"] == before["endpoints"]


def test_nothing_is_left_of_a_stack_whose_keeper_is_killed(typed: Typed, local: dict[str, Any]) -> None:
    """Its parts end with it, status says that nothing runs, and a new start succeeds."""
    os.kill(local["keeper_pid"], signal.SIGKILL)

    assert wait_until(lambda: all_gone(local), seconds=2, what="the end of keeper and parts")
    assert not status_of(typed, code=UNFIT)["running"]
    typed.run("prismctl", *START)


def test_a_default_port_in_use_is_named_with_its_owner_and_nothing_is_left(typed: Typed, taken_port: TakenPort) -> None:
    """The error names port, pid and command, comes soon, and says how to avoid it."""
    began = time.monotonic()
    said = typed.run("prismctl", "local", "start", "--no-build", code=PORT_TAKEN).stderr

    assert time.monotonic() - began < REFUSED_SECONDS * PATIENCE
    assert f"127.0.0.1:{taken_port.number} is in use by pid {taken_port.owner} (" in said
    assert "--ports auto" in said
    assert not status_of(typed, code=UNFIT)["running"]


def test_logs_shows_what_each_part_wrote(typed: Typed, local: dict[str, Any]) -> None:
    """Every line has its part's name; one part alone can be asked for."""
    del local
    assert names_in(typed.run("prismctl", "local", "logs").stdout) == {*PARTS, RUNNER}
    assert names_in(typed.run("prismctl", "local", "logs", RUNNER).stdout) == {RUNNER}


def test_logs_begins_with_as_many_lines_as_were_asked_for(typed: Typed, local: dict[str, Any]) -> None:
    """Also with none; fewer than that cannot be."""
    del local
    assert len(typed.run("prismctl", "local", "logs", "-n", "1", "proxy-1").stdout.splitlines()) == 1
    assert typed.run("prismctl", "local", "logs", "-n", "0").stdout == ""
    assert "-n" in typed.run("prismctl", "local", "logs", "-n", "-1", code=USAGE).stderr


def test_logs_of_an_unknown_part_names_those_that_there_are(typed: Typed, local: dict[str, Any]) -> None:
    """A wrong name is a usage error."""
    del local
    assert (
        "there is admin, launcher, proxy-1, ns:default:keyvalue"
        in typed.run("prismctl", "local", "logs", "prxy", code=USAGE).stderr
    )


def test_check_refuses_a_stack_that_stands_still(typed: Typed, local: dict[str, Any]) -> None:
    """The gate of the e2e tier says which part is not fit and how to mend it."""
    typed.run("prismctl", "local", "check")
    os.kill(part(local, "proxy-1")["pid"], signal.SIGSTOP)

    said = typed.run("prismctl", "local", "check", code=UNFIT).stderr
    assert "proxy-1 stands still" in said
    assert "prismctl local stop && prismctl local start" in said


def test_start_with_a_wrong_option_is_a_usage_error(typed: Typed) -> None:
    """Exit code 64, as the process contract has it."""
    assert "--ports" in typed.run("prismctl", "local", "start", "--ports", "many", code=USAGE).stderr


@pytest.fixture
def taken_port(tier: Tier) -> Iterator[TakenPort]:
    """A default port that something listens on: somebody else's program already, or else this test."""
    del tier
    with socket.socket() as listener:
        if first_taken() is None:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((LOOPBACK, ADMIN_PORT))
            listener.listen()
        taken = first_taken()
        assert taken
        yield taken


def first_taken() -> TakenPort | None:
    """Return the first default port, in the order in which they are asked for, that something listens on."""
    for number in DEFAULT_PORTS:
        for inode, (host, port) in ports.listeners():
            if port == number and ports.overlap(host, LOOPBACK):
                return TakenPort(number, ports._owner_of(inode))
    return None


def test_a_stack_with_a_lifeline_ends_with_that_process(typed: Typed) -> None:
    """A test run that is killed leaves no local stack that it started by a command."""
    with subprocess.Popen(["sleep", "60"]) as lifeline:
        tied = replace(typed, environment={**typed.environment, "ZIGGURAT_LIFELINE": str(lifeline.pid)})
        tied.run("prismctl", *START)
        local = status_of(typed)
        lifeline.kill()

    assert wait_until(lambda: all_gone(local), seconds=2, what="the end of keeper and parts")


def test_logs_that_are_followed_end_when_the_stack_is_stopped(typed: Typed, local: dict[str, Any]) -> None:
    """Whoever reads along is let go, with exit code 0."""
    del local
    following = typed.begin("prismctl", "local", "logs", "--follow", RUNNER)
    assert following.stdout is not None
    first = following.stdout.readline()
    typed.run("prismctl", "local", "stop")

    assert first.startswith(f"{RUNNER} | ")
    assert following.wait(timeout=10) == 0
    following.stdout.close()


def test_start_with_two_proxies_serves_the_default_namespace_at_one_of_them(typed: Typed) -> None:
    """Each has ports of its own, and the admin knows both."""
    said = json.loads(typed.run("prismctl", *START, "--proxies", "2", "--json").stdout)
    proxies = json.loads(typed.run("prismctl", "proxy", "list", "--json").stdout)

    assert {"proxy-1.data", "proxy-2.data"} <= said["addresses"].keys()
    assert {proxy["proxy_id"] for proxy in proxies["proxies"]} == {"proxy-1", "proxy-2"}
    assert status_of(typed)["answers"]


def test_restart_brings_a_part_back_as_another_process_on_its_ports(typed: Typed, local: dict[str, Any]) -> None:
    """The others and the runner go on."""
    typed.run("prismctl", "local", "restart", "launcher")
    now = status_of(typed)

    assert part(now, "launcher")["pid"] != part(local, "launcher")["pid"]
    assert part(now, "launcher")["endpoints"] == part(local, "launcher")["endpoints"]
    assert [part(now, name)["pid"] for name in ("admin", "proxy-1", RUNNER)] == [
        part(local, name)["pid"] for name in ("admin", "proxy-1", RUNNER)
    ]


def test_restart_brings_a_process_of_the_launcher_back(typed: Typed, local: dict[str, Any]) -> None:
    """As another process that serves at once, with a history that begins anew; the parts go on."""
    typed.run("prismctl", "local", "restart", RUNNER)
    now = status_of(typed)
    process = json.loads(typed.run("prismctl", "pattern", "list", "--json").stdout)["patterns"][0]

    assert part(now, RUNNER)["pid"] == process["pid"] != part(local, RUNNER)["pid"]
    assert (process["state"], process["healthy"], process["restart_count"], process["error_count"]) == (
        "running",
        True,
        0,
        0,
    )
    assert [part(now, name)["pid"] for name in PARTS] == [part(local, name)["pid"] for name in PARTS]
    typed.run("prismctl", "kv", "set", "k", "v")


def test_restart_without_a_name_restarts_every_part(typed: Typed, local: dict[str, Any]) -> None:
    """In turn; the runner goes on with its data, and it is served afterwards."""
    typed.run("prismctl", "kv", "set", "k", "v")
    assert json.loads(typed.run("prismctl", "local", "restart", "--json").stdout) == {"restarted": list(PARTS)}
    now = status_of(typed)

    assert not [name for name in PARTS if part(now, name)["pid"] == part(local, name)["pid"]]
    assert part(now, RUNNER)["pid"] == part(local, RUNNER)["pid"]
    assert typed.run("prismctl", "kv", "get", "k").stdout == "v"


def test_commands_find_the_local_stack_on_whatever_ports_it_is(typed: Typed, local: dict[str, Any]) -> None:
    """A namespace from its creation to its end, with no address named."""
    del local
    typed.run("prismctl", "namespace", "create", "orders", "--set", "max_keys=2")
    typed.run("prismctl", "kv", "set", "-n", "orders", "k", "v")

    assert typed.run("prismctl", "kv", "get", "-n", "orders", "k").stdout == "v"
    assert typed.run("prismctl", "kv", "get", "k", code=NO).stdout == ""
    typed.run("prismctl", "kv", "set", "-n", "orders", "l", "v")
    assert "capacity limit reached" in typed.run("prismctl", "kv", "set", "-n", "orders", "m", "v", code=NO).stderr
    listed = json.loads(typed.run("prismctl", "pattern", "list", "--json").stdout)["patterns"]
    assert {each["process_id"]: each["state"] for each in listed} == {
        RUNNER: "running",
        "ns:orders:keyvalue": "running",
    }
    assert "and 2 keys with it" in typed.run("prismctl", "namespace", "delete", "orders").stdout
    assert "unknown" in typed.run("prismctl", "kv", "get", "-n", "orders", "k", code=NO).stderr


def test_data_is_reached_while_the_local_admin_hangs(typed: Typed, local: dict[str, Any]) -> None:
    """The proxies of the stack are asked themselves."""
    typed.run("prismctl", "kv", "set", "k", "v")
    os.kill(part(local, "admin")["pid"], signal.SIGSTOP)

    assert typed.run("prismctl", "kv", "get", "k").stdout == "v"


def test_restart_of_an_unknown_part_names_those_that_there_are(typed: Typed, local: dict[str, Any]) -> None:
    """A wrong name is a usage error."""
    del local
    assert "there is admin, launcher, proxy-1" in typed.run("prismctl", "local", "restart", "x", code=USAGE).stderr


def test_a_start_whose_default_namespace_cannot_be_served_leaves_nothing(typed: Typed) -> None:
    """A store that is away: one error that says so, and no process."""
    said = typed.run_any("prismctl", *START, "--store", "nonsense://nowhere")

    assert said.returncode != 0
    assert "nonsense" in said.stderr
    assert not status_of(typed, code=UNFIT)["running"]
