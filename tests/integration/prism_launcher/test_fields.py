"""Every field of every message that the launcher takes: a malformed one is named, and nothing has changed."""

# ruff: noqa: ANN401 - fields of any kind are passed on; tokens and credentials here are none

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from prism.control_plane_pb2 import (
    BackendConfig,
    BackendProcessConfig,
    PatternProcessConfig,
    ProcessAssignment,
    ProcessConfig,
    ProcessRevocation,
    ProxyProcessConfig,
    UtilityProcessConfig,
)
from prism.interfaces.lifecycle_pb2 import InterfaceDeclaration, PatternMetadata
from prism.launcher.launcher_control_pb2 import (
    ProcessHandshakeRequest,
    ProcessHeartbeatRequest,
    ProcessStoppingRequest,
)
from prism.launcher.launcher_pb2 import (
    ISOLATION_NONE,
    GetProcessStatusRequest,
    HealthRequest,
    LaunchRequest,
    ListPatternsRequest,
    TerminateRequest,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from google.protobuf.descriptor import Descriptor
    from google.protobuf.message import Message
    from tests.integration.prism_launcher.conftest import Launcher, Patterns

LONG = "x" * 5000
HERE = "127.0.0.1:1"
ID = "ns:orders:mute"


def launch(**fields: Any) -> LaunchRequest:
    """Return a request that is right but for some fields."""
    return LaunchRequest(**{"pattern_name": "mute", "namespace": "new", **fields})


def terminate(**fields: Any) -> TerminateRequest:
    """Return a request that is right but for some fields."""
    return TerminateRequest(**{"process_id": ID, **fields})


def assign(**fields: Any) -> ProcessAssignment:
    """Return an assignment that is right but for some fields."""
    right = {"process_id": "ns:new:mute", "process_type": "pattern", "namespace": "new", "version": 9}
    return ProcessAssignment(**{**right, "config": config(), **fields})


def config(**fields: Any) -> ProcessConfig:
    """Return a configuration that is right but for some fields."""
    return ProcessConfig(**{"pattern": PatternProcessConfig(pattern_type="mute"), **fields})


def configured(**fields: Any) -> ProcessAssignment:
    """Return an assignment that is right but for some fields of its configuration."""
    return assign(config=config(**fields))


def pattern(**fields: Any) -> ProcessAssignment:
    """Return an assignment that is right but for some fields of its pattern."""
    return configured(pattern=PatternProcessConfig(**{"pattern_type": "mute", **fields}))


def slot(**fields: Any) -> ProcessAssignment:
    """Return an assignment that is right but for some fields of the slot of its data."""
    return pattern(slots={"store": BackendConfig(**{"backend_type": "redis", **fields})})


def revoke(**fields: Any) -> ProcessRevocation:
    """Return a revocation that is right but for some fields."""
    return ProcessRevocation(**{"launcher_id": "launcher-1", "process_id": ID, **fields})


def greet(**fields: Any) -> ProcessHandshakeRequest:
    """Return a handshake that is right but for some fields, and its token and pid."""
    return ProcessHandshakeRequest(**{"process_id": ID, "launch_token": "t", "pid": 1, "data_endpoint": HERE, **fields})


def told(**fields: Any) -> ProcessHandshakeRequest:
    """Return a handshake that is right but for what it says of its pattern."""
    return greet(metadata=PatternMetadata(**fields))


def interface(**fields: Any) -> ProcessHandshakeRequest:
    """Return a handshake that is right but for what it says of an interface."""
    return told(interfaces=[InterfaceDeclaration(**fields)])


def beat(**fields: Any) -> ProcessHeartbeatRequest:
    """Return a heartbeat that is right but for some fields."""
    return ProcessHeartbeatRequest(**{"process_id": ID, "launch_token": "t", "status": 1, **fields})


def stopping(**fields: Any) -> ProcessStoppingRequest:
    """Return a farewell that is right but for some fields."""
    return ProcessStoppingRequest(**{"process_id": ID, "launch_token": "t", **fields})


PROXIES = "config.pattern.settings[prism.proxies]"
MALFORMED: list[tuple[Message, str]] = [
    (launch(pattern_name=""), "pattern_name"),
    (launch(pattern_name="a b"), "pattern_name"),
    (launch(pattern_name="x" * 129), "pattern_name"),
    (launch(pattern_name=LONG), "pattern_name"),
    (launch(isolation=9), "isolation"),
    (launch(isolation=-1), "isolation"),
    (launch(pattern_name="own", isolation=ISOLATION_NONE), "isolation"),
    (launch(namespace=""), "namespace"),
    (launch(namespace="Orders"), "namespace"),
    (launch(namespace="x" * 64), "namespace"),
    (launch(namespace="../x", isolation=ISOLATION_NONE), "namespace"),
    (launch(session_id=LONG), "session_id"),
    (launch(session_id="a\0"), "session_id"),
    (launch(config={"": "a"}), "config"),
    (launch(config={"a": LONG}), "config[a]"),
    (launch(config={"a": "\x1b"}), "config[a]"),
    (launch(config={"port": "here"}), "config[port]"),
    (launch(config={"port": "-1"}), "config[port]"),
    (launch(config={"port": "65536"}), "config[port]"),
    (launch(config={"port": "9" * 50}), "config[port]"),
    (launch(config={"port": ""}), "config[port]"),
    (launch(config={"proxies": "p1=nowhere"}), "config[proxies]"),
    (launch(config={"proxies": f"a b={HERE}"}), "config[proxies]"),
    (launch(config={"proxies": f"p1={HERE},p1={HERE}"}), "config[proxies]"),
    (launch(grace_period_secs=-1), "grace_period_secs"),
    (launch(grace_period_secs=3601), "grace_period_secs"),
    (ListPatternsRequest(pattern_name="a b"), "pattern_name"),
    (ListPatternsRequest(pattern_name=LONG), "pattern_name"),
    (ListPatternsRequest(namespace="A"), "namespace"),
    (ListPatternsRequest(state=7), "state"),  # type: ignore[arg-type]
    (ListPatternsRequest(state=-1), "state"),  # type: ignore[arg-type]
    *((terminate(process_id=wrong), "process_id") for wrong in ("", "orders", "ns:", "pod:a:b", LONG, "ns:a\n:b")),
    (terminate(grace_period_secs=-1), "grace_period_secs"),
    (terminate(grace_period_secs=3601), "grace_period_secs"),
    *((GetProcessStatusRequest(process_id=wrong), "process_id") for wrong in ("", "orders", LONG)),
    (assign(process_id=""), "process_id"),
    (assign(process_id="ns:other:mute"), "process_id"),
    (assign(process_id="shared:mute"), "process_id"),
    (assign(process_type=""), "process_type"),
    (assign(process_type="proxy"), "process_type"),
    (assign(namespace=""), "namespace"),
    (assign(namespace="New"), "namespace"),
    (assign(version=0), "version"),
    (assign(version=-1), "version"),
    (assign(config=ProcessConfig()), "config.pattern.pattern_type"),
    (configured(binary="/bin/sh"), "config.binary"),
    (configured(args=["-c"]), "config.args"),
    (configured(env={"A": "b"}), "config.env"),
    (configured(port=-1), "config.port"),
    (configured(port=65536), "port"),
    (configured(health_port=1), "config.health_port"),
    (configured(log_level="debug"), "config.log_level"),
    (configured(proxy=ProxyProcessConfig(proxy_id="p1")), "config.proxy"),
    (configured(backend=BackendProcessConfig(backend_type="redis")), "config.backend"),
    (configured(utility=UtilityProcessConfig(utility_type="a")), "config.utility"),
    (pattern(pattern_type=""), "config.pattern.pattern_type"),
    (pattern(pattern_type="a/b"), "config.pattern.pattern_type"),
    (pattern(isolation_level="session"), "config.pattern.isolation_level"),
    (pattern(isolation_level=LONG), "config.pattern.isolation_level"),
    (pattern(pattern_type="own", isolation_level="none"), "config.pattern.isolation_level"),
    (pattern(slots={"": BackendConfig(backend_type="redis")}), "config.pattern.slots"),
    (pattern(slots={name: BackendConfig(backend_type="redis") for name in "ab"}), "config.pattern.slots"),
    (slot(backend_type=""), "config.pattern.slots[store].backend_type"),
    (slot(backend_type=LONG), "config.pattern.slots[store].backend_type"),
    (slot(connection_string=LONG), "config.pattern.slots[store].connection_string"),
    (slot(credentials={"": "a"}), "config.pattern.slots[store].credentials"),
    (slot(options={"a": "\x07"}), "config.pattern.slots[store].options[a]"),
    (pattern(settings={"a": LONG}), "config.pattern.settings[a]"),
    (pattern(settings={"port": "here"}), "config.pattern.settings[port]"),
    (pattern(settings={"prism.proxies": "nowhere"}), PROXIES),
    (pattern(settings={"prism.proxies": f"p1={HERE},p1={HERE}"}), PROXIES),
    (revoke(launcher_id=""), "launcher_id"),
    (revoke(launcher_id="a b"), "launcher_id"),
    (revoke(process_id=""), "process_id"),
    (revoke(process_id="mute"), "process_id"),
    (revoke(graceful_timeout_seconds=-1), "graceful_timeout_seconds"),
    (revoke(graceful_timeout_seconds=31), "graceful_timeout_seconds"),
    (greet(process_id=""), "process_id"),
    (greet(process_id="mute"), "process_id"),
    (greet(launch_token=""), "launch_token"),
    (greet(launch_token=LONG), "launch_token"),
    (greet(pid=0), "pid"),
    (greet(pid=-1), "pid"),
    (greet(data_endpoint=""), "data_endpoint"),
    (greet(data_endpoint="here"), "data_endpoint"),
    (greet(data_endpoint="127.0.0.1:0"), "data_endpoint"),
    (greet(data_endpoint="unix:/tmp/x:1"), "data_endpoint"),
    (greet(control_endpoint="127.0.0.1:65536"), "control_endpoint"),
    (greet(build_id=LONG), "build_id"),
    (told(name=LONG), "metadata.name"),
    (told(version="1\n2"), "metadata.version"),
    (told(extra={"": "a"}), "metadata.extra"),
    (interface(name=LONG), "metadata.interfaces[0].name"),
    (interface(proto_file=LONG), "metadata.interfaces[0].proto_file"),
    (interface(version=LONG), "metadata.interfaces[0].version"),
    (interface(proto_hash=LONG), "metadata.interfaces[0].proto_hash"),
    (interface(metadata={"a": LONG}), "metadata.interfaces[0].metadata[a]"),
    (beat(process_id=""), "process_id"),
    (beat(process_id="mute"), "process_id"),
    (beat(launch_token=""), "launch_token"),
    (beat(status=0), "status"),
    (beat(status=4), "status"),
    (beat(status=-1), "status"),
    (beat(timestamp_millis=-1), "timestamp_millis"),
    (stopping(process_id=""), "process_id"),
    (stopping(process_id="mute"), "process_id"),
    (stopping(launch_token=""), "launch_token"),
    (stopping(reason=LONG), "reason"),
    (stopping(drained_operations=-1), "drained_operations"),
    (stopping(aborted_operations=-1), "aborted_operations"),
]
NEVER_WRONG = {
    ("HealthRequest", "include_processes"),
    ("TerminateRequest", "force"),
    # What a process says of itself is for people, and shown as far as it can be.
    ("ProcessHeartbeatRequest", "details"),
}
REFUSED_AS_A_WHOLE = ("config.proxy.", "config.backend.", "config.utility.")
TAKEN = (
    *(LaunchRequest, ListPatternsRequest, TerminateRequest, HealthRequest, GetProcessStatusRequest),
    *(ProcessAssignment, ProcessRevocation),
    *(ProcessHandshakeRequest, ProcessHeartbeatRequest, ProcessStoppingRequest),
)


def leaves(descriptor: Descriptor, prefix: str = "") -> Iterator[str]:
    """Return the paths of all fields that hold no message, those of the messages in it among them."""
    for field in descriptor.fields:
        kind = field.message_type
        if kind and kind.GetOptions().map_entry:
            kind = kind.fields_by_name["value"].message_type
        if kind:
            yield from leaves(kind, f"{prefix}{field.name}.")
        else:
            yield f"{prefix}{field.name}"


def test_every_field_of_every_message_has_a_row() -> None:
    """One that is added needs a rule, and so a row."""
    rows = {(type(request).__name__, re.sub(r"\[[^\]]*\]", "", path)) for request, path in MALFORMED}
    fields = {
        (message.__name__, path)
        for message in TAKEN
        for path in leaves(message.DESCRIPTOR)
        if not path.startswith(REFUSED_AS_A_WHOLE)
    }

    assert fields - rows == NEVER_WRONG


@pytest.fixture
def judge(start_launcher: Callable[..., Launcher], patterns: Patterns) -> Launcher:
    """A launcher with one process, which has not handshaken, and a pattern that allows one isolation only."""
    more = "[probe]\ntimeout = '10m'"
    patterns.add_script("mute", "exec sleep 600", more=more)
    home = patterns.add_script("own", "exec sleep 600")
    manifest = home / "manifest.toml"
    manifest.write_text(manifest.read_text().replace("['namespace', 'none']", "'namespace'"))
    launcher = start_launcher()
    launcher.set_off("mute")
    return launcher


def test_every_malformed_field_is_named_and_changes_nothing(judge: Launcher) -> None:
    """All of them at one launcher, so that none leaves it unable to judge the next."""
    before = state_of(judge)
    wrong = [(field, answer) for request, field in MALFORMED if (answer := refusal(judge, request, field))]

    assert wrong == []
    assert state_of(judge) == before
    assert not [line for line in judge.log.lines() if "Traceback" in line]


def refusal(launcher: Launcher, request: Message, field: str) -> str:
    """Return what was answered other than INVALID_ARGUMENT with the field's name, or nothing."""
    try:
        answer = call(launcher, request)
    except grpc.RpcError as error:
        named = error.code() is grpc.StatusCode.INVALID_ARGUMENT and field in (error.details() or "")
        return "" if named else f"{error.code()}: {error.details()}"
    return f"accepted: {answer}"


def call(launcher: Launcher, request: Message) -> Any:
    """Make the call that takes a request of this type."""
    method = {
        LaunchRequest: launcher.people.LaunchPattern,
        ListPatternsRequest: launcher.people.ListPatterns,
        TerminateRequest: launcher.people.TerminatePattern,
        GetProcessStatusRequest: launcher.people.GetProcessStatus,
        ProcessAssignment: launcher.admin.AssignProcess,
        ProcessRevocation: launcher.admin.RevokeProcess,
        ProcessHandshakeRequest: launcher.process.ProcessHandshake,
        ProcessHeartbeatRequest: launcher.process.ProcessHeartbeat,
        ProcessStoppingRequest: launcher.process.ProcessStopping,
    }[type(request)]
    return method(request, timeout=10)  # type: ignore[operator]


def state_of(launcher: Launcher) -> list[str]:
    """Return everything that people see, but for how long it has been there."""
    listed = launcher.processes()
    for info in listed.values():
        info.uptime_seconds = 0
    return [*map(str, listed.values()), str(launcher.at_keeper())]


def test_what_is_not_known_is_not_found(judge: Launcher) -> None:
    """An unknown pattern, process or launcher."""
    unknown: list[Message] = [
        launch(pattern_name="nothing"),
        terminate(process_id="ns:nowhere:mute"),
        pattern(pattern_type="nothing"),
        revoke(process_id="ns:nowhere:mute"),
        revoke(launcher_id="another"),
        greet(process_id="ns:nowhere:mute"),
        stopping(process_id="ns:nowhere:mute"),
    ]
    for request in unknown:
        with pytest.raises(grpc.RpcError) as refused:
            call(judge, request)
        assert refused.value.code() is grpc.StatusCode.NOT_FOUND
