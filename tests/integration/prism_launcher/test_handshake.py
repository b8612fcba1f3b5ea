"""The callback: only the process that was launched can speak for itself, and only in order."""

# ruff: noqa: S106 - tokens here are none

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.protobuf.json_format import MessageToDict
from tests.integration.prism_launcher.conftest import MUTE, Patterns, begin, emptied, identity

from prism.interfaces.lifecycle_pb2 import HEALTH_STATUS_DEGRADED, HEALTH_STATUS_HEALTHY
from prism.launcher.launcher_control_pb2 import ProcessHeartbeatRequest, ProcessStoppingRequest
from prism.launcher.launcher_pb2 import STATE_RUNNING, STATE_STARTING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.integration.prism_launcher.conftest import Launcher

    from prism.launcher.launcher_pb2 import PatternInfo
    from ziggurat.scope import StackScope

ID = "ns:orders:mute"


@pytest.fixture(scope="module")
def patient_launcher(module_stacks: StackScope, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    """A launcher that does not mind silence."""
    folder = tmp_path_factory.mktemp("launcher")
    patterns = Patterns(folder / "patterns")
    patterns.add_script("mute", MUTE, more="[probe]\ntimeout = '10m'")
    words = ("--process-heartbeat-interval", "1m", "--proxies", "p1=127.0.0.1:1,p2=127.0.0.1:2")
    launcher = begin(module_stacks, folder / "launcher.json", patterns, *words)
    yield launcher
    launcher.channel.close()


@pytest.fixture
def judge(patient_launcher: Launcher) -> Iterator[Launcher]:
    """A launcher with a process that says nothing by itself."""
    patient_launcher.set_off("mute", config={"max_keys": "7", "port": "0"})
    yield from emptied(patient_launcher)


@pytest.fixture
def mute(judge: Launcher) -> PatternInfo:
    """The process for which the test speaks."""
    return judge.processes()[ID]


def refused(call: Callable[..., Any], *arguments: Any, **fields: Any) -> grpc.StatusCode:  # noqa: ANN401
    """Return the status with which a call is refused."""
    with pytest.raises(grpc.RpcError) as error:
        call(*arguments, **fields)
    status: grpc.StatusCode = error.value.code()
    return status


def test_a_process_is_told_what_it_is_to_be(judge: Launcher, mute: PatternInfo) -> None:
    """Its namespace, proxies, configuration, and how often it is to be heard of."""
    answer = judge.greet(mute)

    assert (answer.accepted, answer.namespace, answer.session_id) == (True, "orders", "")
    assert [(each.proxy_id, each.control_endpoint) for each in answer.proxies] == [
        ("p1", "127.0.0.1:1"),
        ("p2", "127.0.0.1:2"),
    ]
    assert MessageToDict(answer.config) == {"backend_config": {"max_keys": "7"}}
    assert answer.heartbeat_interval_ms == 60_000


def test_a_process_runs_with_its_first_heartbeat(judge: Launcher, mute: PatternInfo) -> None:
    """Not with the handshake: its routes may not be there yet."""
    judge.greet(mute, data_endpoint="127.0.0.1:7", control_endpoint="127.0.0.1:8")
    assert judge.processes()[ID].state == STATE_STARTING
    assert judge.beat(mute).known

    info = judge.processes()[ID]
    assert (info.state, info.healthy, info.address) == (STATE_RUNNING, True, "127.0.0.1:7")


def test_nobody_else_can_greet_for_it(judge: Launcher, mute: PatternInfo) -> None:
    """Neither with another token nor with another pid, nor as another process with a token that is right."""
    judge.set_off("mute", namespace="bills")
    other = judge.processes()["ns:bills:mute"]
    attempts: list[dict[str, Any]] = [
        {"launch_token": "0" * 64},
        {"launch_token": identity(mute)["launch_token"][:-1]},
        {"launch_token": "\N{SNOWMAN}"},
        {"launch_token": identity(other)["launch_token"]},
        {"pid": mute.pid + 1},
        {"pid": 1},
    ]

    assert {refused(judge.greet, mute, **each) for each in attempts} == {grpc.StatusCode.PERMISSION_DENIED}
    assert judge.processes()[ID].state == STATE_STARTING
    assert judge.greet(mute).accepted


def test_nobody_else_can_speak_for_it(judge: Launcher, mute: PatternInfo) -> None:
    """Neither that it is well, nor that it stops."""
    judge.greet(mute)
    judge.beat(mute)
    foreign = {"process_id": ID, "launch_token": "0" * 64}
    beat = ProcessHeartbeatRequest(**foreign, status=HEALTH_STATUS_DEGRADED)  # type: ignore[arg-type]

    assert refused(judge.process.ProcessHeartbeat, beat) is grpc.StatusCode.PERMISSION_DENIED
    farewell = ProcessStoppingRequest(**foreign)  # type: ignore[arg-type]
    assert refused(judge.process.ProcessStopping, farewell) is grpc.StatusCode.PERMISSION_DENIED
    assert judge.processes()[ID].healthy


def test_a_second_handshake_is_out_of_order(judge: Launcher, mute: PatternInfo) -> None:
    """Before and after it is heard of; the first one holds."""
    judge.greet(mute)
    assert refused(judge.greet, mute, data_endpoint="127.0.0.1:9") is grpc.StatusCode.FAILED_PRECONDITION
    judge.beat(mute)
    assert refused(judge.greet, mute, data_endpoint="127.0.0.1:9") is grpc.StatusCode.FAILED_PRECONDITION

    assert judge.processes()[ID].address == mute.address


def test_nothing_comes_before_the_handshake(judge: Launcher, mute: PatternInfo) -> None:
    """Not a heartbeat, and not a farewell."""
    farewell = ProcessStoppingRequest(**identity(mute))  # type: ignore[arg-type]

    assert refused(judge.beat, mute) is grpc.StatusCode.FAILED_PRECONDITION
    assert refused(judge.process.ProcessStopping, farewell) is grpc.StatusCode.FAILED_PRECONDITION
    assert judge.processes()[ID].state == STATE_STARTING


def test_the_token_of_a_process_that_is_gone_opens_nothing(judge: Launcher, mute: PatternInfo) -> None:
    """Each start has a token of its own."""
    said = {**identity(mute), "pid": mute.pid, "data_endpoint": mute.address}
    judge.terminate(ID, force=True)
    judge.set_off("mute")
    again = judge.processes()[ID]

    assert refused(judge.greet, again, **said) is grpc.StatusCode.PERMISSION_DENIED
    assert refused(judge.greet, again, launch_token=said["launch_token"]) is grpc.StatusCode.PERMISSION_DENIED
    assert judge.greet(again).accepted


def test_a_heartbeat_of_nobody_is_answered_with_not_known(judge: Launcher) -> None:
    """So that a process knows to introduce itself anew, or to end."""
    beat = ProcessHeartbeatRequest(process_id="ns:no:mute", launch_token="t", status=HEALTH_STATUS_HEALTHY)
    answer = judge.process.ProcessHeartbeat(beat)

    assert (answer.known, answer.shutdown) == (False, False)
    assert answer.reason


def test_what_a_process_says_of_itself_is_shown_and_changes_with_it(judge: Launcher, mute: PatternInfo) -> None:
    """Whatever it is: as one line that a terminal does not obey."""
    judge.greet(mute)
    judge.beat(mute, status=HEALTH_STATUS_DEGRADED, details={"message": "\x1b[31mno redis\n", "\0": "x" * 9999})
    unwell = judge.processes()[ID]
    assert (unwell.state, unwell.healthy, unwell.last_error) == (STATE_RUNNING, False, " [31mno redis ")
    judge.beat(mute)

    assert judge.processes()[ID].healthy
