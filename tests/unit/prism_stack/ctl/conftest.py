"""prismctl before a control plane that is a few lists, and data that is a fake's."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import pytest

from prism.admin.admin_pb2 import LauncherInfo, NamespaceInfo, ProxyInfo
from prism.control_plane_pb2 import CreateNamespaceResponse, PartitionRange
from prism.launcher.launcher_pb2 import STATE_RUNNING, LaunchResponse, PatternInfo
from prism_stack.client import KeyValueClient
from prism_stack.clients.admin import AdminClient
from prism_stack.clients.launcher import LauncherClient
from prism_stack.ctl.main import run
from prism_stack.ctl.world import World
from prism_stack.errors import CallError, CallFacts, call_error
from prism_stack.testing import FakeKeyValue, FakeStore

ADMIN, LAUNCHER, PROXY = "127.0.0.1:8981", "127.0.0.1:7070", "127.0.0.1:9090"


def failed(method: str, status: str, details: str = "because") -> CallError:
    """Return the error with which a call ends."""
    facts = CallFacts(method=method, address="here:1", status=status, details=details, deadline=timedelta(seconds=5))
    return call_error(facts)


@dataclass
class FakeControlPlane:
    """An admin and a launcher that hold what they are told, or fail."""

    namespaces: dict[str, NamespaceInfo] = field(default_factory=dict)
    proxies: list[ProxyInfo] = field(default_factory=list)
    launchers: list[LauncherInfo] = field(default_factory=list)
    processes: list[PatternInfo] = field(default_factory=list)
    launch: LaunchResponse = field(default_factory=LaunchResponse)
    failure: Exception | None = None
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def create_namespace(self, namespace: str, **asked: Any) -> CreateNamespaceResponse:  # noqa: ANN401
        """Create a namespace at the first proxy."""
        self._called("create_namespace", namespace=namespace, **asked)
        self.namespaces[namespace] = NamespaceInfo(namespace=namespace, status="active", proxy_id="proxy-1")
        return CreateNamespaceResponse(success=True, assigned_partition=17, assigned_proxy="proxy-1")

    def get_namespace(self, namespace: str) -> NamespaceInfo:
        """Return a namespace, or fail as an admin does that has none."""
        self._called("get_namespace", namespace=namespace)
        if namespace not in self.namespaces:
            raise failed("GetNamespace", "NOT_FOUND", f"namespace {namespace} is unknown")
        return self.namespaces[namespace]

    def list_namespaces(self) -> Iterator[NamespaceInfo]:
        """Yield the namespaces."""
        self._called("list_namespaces")
        yield from self.namespaces.values()

    def delete_namespace(self, namespace: str, *, grace: timedelta) -> int:
        """Delete a namespace with three keys."""
        self._called("delete_namespace", namespace=namespace, grace=grace)
        del self.namespaces[namespace]
        return 3

    def list_proxies(self) -> list[ProxyInfo]:
        """Return the proxies."""
        self._called("list_proxies")
        return self.proxies

    def list_launchers(self) -> list[LauncherInfo]:
        """Return the launchers."""
        self._called("list_launchers")
        return self.launchers

    def list_patterns(self, **asked: Any) -> list[PatternInfo]:  # noqa: ANN401
        """Return the processes."""
        self._called("list_patterns", **asked)
        return self.processes

    def launch_pattern(self, pattern: str, **asked: Any) -> LaunchResponse:  # noqa: ANN401
        """Return what a launch shall end with."""
        self._called("launch_pattern", pattern=pattern, **asked)
        return self.launch

    def terminate_pattern(self, process_id: str, **asked: Any) -> None:  # noqa: ANN401
        """Take note."""
        self._called("terminate_pattern", process_id=process_id, **asked)

    def asked(self, name: str) -> dict[str, Any]:
        """Return what the latest call of a name was given."""
        return next(given for called, given in reversed(self.calls) if called == name)

    def _called(self, name: str, **given: Any) -> None:  # noqa: ANN401
        self.calls.append((name, given))
        if self.failure:
            raise self.failure


@dataclass
class FakeWorld:
    """What commands reach, and whom they asked."""

    control: FakeControlPlane = field(default_factory=FakeControlPlane)
    store: FakeStore = field(default_factory=FakeStore)
    local: Mapping[str, str] = field(default_factory=dict)
    silent: Mapping[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    failure: Exception | None = None
    """What every data call ends with."""

    def world(self) -> World:
        """Return it as commands take it."""
        return World(
            admin=self._admin,
            launcher=self._launcher,
            keyvalue=self._keyvalue,
            local=lambda: self.local,
            why_silent=lambda address: self.silent.get(address, ""),
        )

    def keys(self, namespace: str = "default") -> FakeKeyValue:
        """Return the keys of a namespace."""
        return FakeKeyValue(self.store, namespace=namespace)

    def _admin(self, address: str, _timeout: timedelta) -> AdminClient:
        return cast("AdminClient", self._control(address))

    def _launcher(self, address: str, _timeout: timedelta) -> LauncherClient:
        return cast("LauncherClient", self._control(address))

    def _control(self, address: str) -> AbstractContextManager[FakeControlPlane]:
        self.asked.append(address)
        return nullcontext(self.control)

    def _keyvalue(self, addresses: Sequence[str], namespace: str) -> KeyValueClient:
        self.asked += addresses
        client = cast("Any", Failing(self.failure)) if self.failure else self.keys(namespace)
        return cast("KeyValueClient", nullcontext(client))


@dataclass(frozen=True)
class Failing:
    """Data whose every call ends with one error."""

    error: Exception

    def __getattr__(self, name: str) -> Callable[..., None]:
        def call(*_: object) -> None:
            raise self.error

        return call


@dataclass(frozen=True)
class Done:
    """What a command said and how it ended."""

    code: int
    raw: bytes
    err: str

    @property
    def out(self) -> str:
        """What it said, as text."""
        return self.raw.decode()

    @property
    def document(self) -> Any:  # noqa: ANN401 - each command has its own
        """The one JSON document that it said."""
        return json.loads(self.raw)


Type = Callable[..., Done]


@pytest.fixture
def fakes() -> FakeWorld:
    """A world with one proxy and one launcher, in which `default` is served."""
    proxy = ProxyInfo(
        proxy_id="proxy-1",
        status="healthy",
        address=PROXY,
        control_address="127.0.0.1:9190",
        partition_ranges=[PartitionRange(start=0, end=255)],
        namespaces=1,
        version="0.1.0",
    )
    launcher = LauncherInfo(
        launcher_id="launcher-1", status="healthy", address=LAUNCHER, processes=1, max_processes=100, version="0.1.0"
    )
    default = NamespaceInfo(
        namespace="default",
        partition_id=9,
        proxy_id="proxy-1",
        launcher_id="launcher-1",
        process_id="ns:default:keyvalue",
        status="active",
        version=1,
    )
    process = PatternInfo(
        pattern_name="keyvalue",
        process_id="ns:default:keyvalue",
        namespace="default",
        state=STATE_RUNNING,
        healthy=True,
        pid=4711,
        uptime_seconds=3700,
        address="127.0.0.1:9095",
    )
    return FakeWorld(
        FakeControlPlane(namespaces={"default": default}, proxies=[proxy], launchers=[launcher], processes=[process])
    )


@pytest.fixture
def prismctl(fakes: FakeWorld, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Type:
    """Types a command in the fakes' world."""

    def typed(*words: str, stdin: bytes = b"") -> Done:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = run(words, fakes.world())
        out, err = capsysbinary.readouterr()
        return Done(code, out, err.decode())

    return typed
