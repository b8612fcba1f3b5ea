"""The real runner under a launcher, behind real proxies: launched, told, killed, drained and purged."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.integration.prism_launcher.conftest import GENTLE, UP_SECONDS, Launcher, Patterns

from prism.control_plane_pb2_grpc import ControlPlaneStub
from prism.launcher.launcher_control_pb2_grpc import LauncherControlStub
from prism.launcher.launcher_pb2 import ISOLATION_NONE, STATE_RUNNING
from prism.launcher.launcher_pb2_grpc import PatternLauncherStub
from prism_stack.channel import open_channel
from prism_stack.client import KeyValueClient
from prism_stack.errors import Unavailable
from prism_stack.launcher.options import PATTERNS
from prism_stack.stacks import Proxy, proxy_service
from ziggurat import FREE, Notify, Service, Stack, wait_until
from ziggurat.hang import own_dump
from ziggurat.keeper import roll

if TYPE_CHECKING:
    from ziggurat.scope import StackScope

RUNNER = "ns:orders:keyvalue"
BACK_SECONDS = 3.0
"""The issue's figure for a killed runner to be back and serving."""
PATIENCE = 5
"""What a busy machine gets of it."""

Connect = Callable[..., KeyValueClient]


def described(programs: dict[str, Path], state: Path) -> Stack:
    """Return a launcher and two proxies, of which processes launched by hand join the first."""
    launcher = Service(
        name="launcher",
        command=(
            *(sys.executable, "-m", "prism_stack.launcher"),
            *("--listen", "{control}"),
            *("--state", state),
            *("--patterns", PATTERNS),
            *("--programs", programs["keyvalue-runner"].parent),
            *("--proxies", "p1={proxy-1.control}"),
            *GENTLE,
        ),
        ports={"control": FREE},
        ready=Notify(),
        dump=signal.SIGQUIT,
    )
    proxies = (proxy_service(programs["prism-proxy"], Proxy(name=f"proxy-{number}")) for number in (1, 2))
    return Stack(name="launched", services=(launcher, *proxies))


@pytest.fixture(scope="module")
def shared_launcher(
    module_stacks: StackScope, tmp_path_factory: pytest.TempPathFactory, programs: dict[str, Path]
) -> Iterator[Launcher]:
    """A launcher and two proxies for all tests of this module."""
    stack = module_stacks.start(described(programs, tmp_path_factory.mktemp("launcher") / "launcher.json"))
    with open_channel(stack.address("launcher.control")) as channel:
        yield Launcher(
            stack=stack,
            patterns=Patterns(PATTERNS),
            channel=channel,
            people=PatternLauncherStub(channel),
            admin=ControlPlaneStub(channel),
            process=LauncherControlStub(channel),
        )


@pytest.fixture
def connect(launcher: Launcher) -> Iterator[Connect]:
    """Open clients of a proxy, for a namespace."""
    with ExitStack() as opened:

        def client(namespace: str = "orders", proxy: str = "proxy-1") -> KeyValueClient:
            address = launcher.stack.address(f"{proxy}.data")
            made = KeyValueClient(address, namespace=namespace, timeout=timedelta(seconds=5))
            return opened.enter_context(made)

        yield client


def serves(client: KeyValueClient) -> bool:
    """Tell whether a call is answered."""
    try:
        client.get("anything")
    except Unavailable:
        return False
    return True


def test_a_launched_runner_serves_when_its_launch_is_answered(launcher: Launcher, connect: Connect) -> None:
    """Through the proxy that it was told of, and with what it was configured with."""
    assert launcher.launch("keyvalue", config={"max_keys": "2"}).healthy
    client = connect()
    client.set("a", b"1")
    client.set("b", b"2")

    assert client.get("a") == b"1"
    assert "capacity limit reached: 2 keys" in client.batch_set([("c", b"3")])[0].error


def test_namespaces_of_two_runners_do_not_see_each_other(launcher: Launcher, connect: Connect) -> None:
    """Nor does the one that all others share see theirs."""
    for name in ("orders", "bills"):
        assert launcher.launch("keyvalue", name).healthy
    assert launcher.launch("keyvalue", isolation=ISOLATION_NONE).healthy
    for name in ("orders", "bills", "rest"):
        connect(name).set("whose", name.encode())

    assert {connect(name).get("whose") for name in ("orders", "bills", "rest")} == {b"orders", b"bills", b"rest"}
    assert len(launcher.at_keeper()) == 3


def dump_of(launcher: Launcher, pid: int) -> str:
    """Return what a service says when it is asked in the way that its keeper was told."""
    entries = {entry.pid: entry for entry in roll.living(str(launcher.stack.lease.folder))}
    assert entries[pid].dump == signal.SIGQUIT
    return "\n".join(own_dump.ask(pid, entries[pid].dump, UP_SECONDS).lines)


def test_launcher_and_launched_explain_themselves_to_who_looks_at_a_hang(launcher: Launcher) -> None:
    """Each is asked by the signal that was declared, a runner that only its launcher knows like any other service."""
    launcher.launch("keyvalue")
    pid = launcher.processes()[RUNNER].pid

    assert f"processes: 1\n  {RUNNER}: running, pid {pid}, 0 restarts" in dump_of(
        launcher, launcher.stack["launcher"].pid
    )
    assert "calls inside: 0 under way" in dump_of(launcher, pid)


def test_a_killed_runner_is_back_and_serving(launcher: Launcher, connect: Connect) -> None:
    """On its port, within the promised time."""
    address = launcher.launch("keyvalue").address
    client = connect()
    assert serves(client)
    os.kill(launcher.processes()[RUNNER].pid, signal.SIGKILL)
    launcher.await_process(lambda found: found.restart_count == 1 and found.healthy, RUNNER, BACK_SECONDS * PATIENCE)

    wait_until(lambda: serves(client), seconds=UP_SECONDS, what="an answer")
    assert launcher.processes()[RUNNER].address == address


def test_data_calls_go_on_while_the_launcher_is_away(launcher: Launcher, connect: Connect) -> None:
    """It is adopted with what it holds, and heard of again."""
    launcher.launch("keyvalue")
    before = launcher.processes()[RUNNER]
    client = connect()
    client.set("kept", b"yes")
    launcher.stack["launcher"].kill()
    client.set("while-away", b"yes")
    assert client.get("kept") == b"yes"
    launcher.stack["launcher"].restart()
    wait_until(launcher.answers, seconds=UP_SECONDS, what="a connection to the launcher")

    after = launcher.await_process(lambda found: found.healthy, RUNNER)
    assert (after.pid, after.restart_count, after.state) == (before.pid, 0, STATE_RUNNING)
    assert client.get("while-away") == b"yes"


def test_a_terminated_runner_drains_and_its_route_goes(launcher: Launcher, connect: Connect) -> None:
    """It says goodbye with its counts."""
    launcher.launch("keyvalue")
    client = connect()
    client.set("a", b"1")
    assert launcher.terminate(RUNNER).success

    launcher.log.wait_for(rf"{RUNNER} stops: .*; \d+ calls finished, 0 aborted")
    launcher.log.wait_for(rf"{RUNNER} ended \(0\)")
    with pytest.raises(Unavailable, match="not connected"):
        client.get("a")


def test_a_revoked_runner_takes_its_keys_with_it(launcher: Launcher, connect: Connect) -> None:
    """And tells how many there were."""
    assert launcher.assign(1, pattern="keyvalue", prism__proxies=first(launcher)).success
    for key in "abc":
        connect().set(key, b"1")
    answer, metadata = launcher.revoke(RUNNER, purge=True)

    assert (answer.success, answer.exit_code) == (True, 0)
    assert metadata["x-prism-keys-removed"] == "3"


def test_a_runner_that_is_told_of_another_proxy_moves_there(launcher: Launcher, connect: Connect) -> None:
    """With its data, and without being started again."""
    launcher.assign(1, pattern="keyvalue", prism__proxies=first(launcher))
    pid = launcher.processes()[RUNNER].pid
    connect().set("moved", b"yes")
    second = f"p2={launcher.stack.address('proxy-2.control')}"
    assert launcher.assign(2, pattern="keyvalue", prism__proxies=second).success

    there, here = connect(proxy="proxy-2"), connect()
    wait_until(lambda: serves(there), seconds=UP_SECONDS, what="an answer of the second proxy")
    wait_until(lambda: not serves(here), seconds=UP_SECONDS, what="the end of the first route")
    assert there.get("moved") == b"yes"
    assert launcher.processes()[RUNNER].pid == pid


def test_a_runner_with_a_bad_configuration_fails_with_its_words(launcher: Launcher) -> None:
    """The setting is named in the answer of the launch, and where people look."""
    answer = launcher.launch("keyvalue", config={"max_kees": "7"})

    assert not answer.healthy
    assert "exited with code 64" in answer.error
    assert "max_kees" in answer.error
    assert "max_kees" in launcher.processes()[RUNNER].last_error


def test_a_foreign_token_makes_no_runner(launcher: Launcher, programs: dict[str, Path]) -> None:
    """Nobody can start one that the launcher has not."""
    launcher.launch("keyvalue")
    before = launcher.processes()[RUNNER]
    command = [
        str(programs["keyvalue-runner"]),
        *("--listen", "127.0.0.1:0"),
        *("--launcher", launcher.stack.address("launcher.control")),
        *("--process-id", RUNNER),
    ]
    environment = {**os.environ, "PRISM_LAUNCH_TOKEN": "0" * 64}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)

    assert ended.returncode == 69
    assert "0" * 64 not in ended.stderr
    assert launcher.processes()[RUNNER].pid == before.pid


def first(launcher: Launcher) -> str:
    """Return the first proxy as an assignment has it."""
    return f"p1={launcher.stack.address('proxy-1.control')}"
