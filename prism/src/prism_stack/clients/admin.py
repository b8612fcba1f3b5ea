"""The client of prism-admin: namespaces, and the peers that serve them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

import grpc

from prism.admin import admin_pb2
from prism.admin.admin_pb2_grpc import AdminStub
from prism.control_plane_pb2 import (
    BackendConfig,
    CreateNamespaceRequest,
    CreateNamespaceResponse,
    NamespaceConfig,
    PatternConfig,
)
from prism.control_plane_pb2_grpc import ControlPlaneStub
from prism_stack.clients.control import DEFAULT_TIMEOUT, ControlClient

PAGE_SIZE = 500
DEFAULT_PATTERN = "keyvalue"
STORE = "store"
"""The slot of a pattern in which its data is kept."""


@dataclass(frozen=True, slots=True)
class AdminStubs:
    """The generated stubs of one channel."""

    admin: AdminStub
    control_plane: ControlPlaneStub

    @classmethod
    def of(cls, channel: grpc.Channel) -> Self:
        """Bind the stubs to a channel."""
        return cls(AdminStub(channel), ControlPlaneStub(channel))


class AdminClient(ControlClient[AdminStubs]):
    """Asks one prism-admin; every call raises the `CallError` that it ends with."""

    def __init__(self, address: str, *, timeout: timedelta = DEFAULT_TIMEOUT) -> None:
        super().__init__(address, timeout, AdminStubs.of)

    def create_namespace(
        self,
        namespace: str,
        *,
        settings: Mapping[str, str] | None = None,
        backend: BackendConfig | None = None,
        pattern: str = DEFAULT_PATTERN,
    ) -> CreateNamespaceResponse:
        """Create a namespace whose runner has these settings; return when it can be used.

        One that is there already with the same configuration stays as it is.
        """
        patterns = {pattern: PatternConfig(pattern_name=pattern, settings=settings or {})}
        backends = {STORE: backend} if backend else {}
        config = NamespaceConfig(patterns=patterns, backends=backends)
        request = CreateNamespaceRequest(namespace=namespace, config=config)
        return self._call(lambda stubs: stubs.control_plane.CreateNamespace, request, unless_created)

    def get_namespace(self, namespace: str) -> admin_pb2.NamespaceInfo:
        """Return what the admin knows of a namespace."""
        request = admin_pb2.GetNamespaceRequest(namespace=namespace)
        return self._call(lambda stubs: stubs.admin.GetNamespace, request)

    def list_namespaces(self) -> Iterator[admin_pb2.NamespaceInfo]:
        """Yield every namespace, page by page."""
        token = ""
        while True:
            request = admin_pb2.ListNamespacesRequest(page_size=PAGE_SIZE, page_token=token)
            page = self._call(lambda stubs: stubs.admin.ListNamespaces, request)
            yield from page.namespaces
            token = page.next_page_token
            if not token:
                return

    def delete_namespace(self, namespace: str, *, grace: timedelta = timedelta()) -> int:
        """Delete a namespace and return how many keys went with it, once routes, runner and keys are gone.

        Calls in flight may take so long to end, in whole seconds; by default as long as each part allows.
        """
        seconds = int(grace.total_seconds())
        request = admin_pb2.DeleteNamespaceRequest(namespace=namespace, graceful_timeout_seconds=seconds)
        return self._call(lambda stubs: stubs.admin.DeleteNamespace, request).keys_removed

    def list_proxies(self) -> list[admin_pb2.ProxyInfo]:
        """Return the proxies that are or were registered."""
        return list(self._call(lambda stubs: stubs.admin.ListProxies, admin_pb2.ListProxiesRequest()).proxies)

    def list_launchers(self) -> list[admin_pb2.LauncherInfo]:
        """Return the launchers that are or were registered."""
        return list(self._call(lambda stubs: stubs.admin.ListLaunchers, admin_pb2.ListLaunchersRequest()).launchers)


def unless_created(answer: CreateNamespaceResponse) -> str:
    """Return why a namespace was not created; an empty string where it was."""
    return "" if answer.success else answer.message or "it was not created"
