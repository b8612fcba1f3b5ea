"""The services of the admin: messages in, messages out; what they mean is decided elsewhere."""

# ruff: noqa: N802 - the names of the methods are the wire's

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn, TypeVar

import grpc

from prism.admin import admin_pb2 as wire
from prism.admin.admin_pb2_grpc import AdminServicer
from prism.control_plane_pb2 import (
    CreateNamespaceRequest,
    CreateNamespaceResponse,
    HeartbeatAck,
    LauncherHeartbeatRequest,
    LauncherRegistration,
    LauncherRegistrationAck,
    NamespaceAssignment,
    NamespaceRevocation,
    ProcessAssignment,
    ProcessRevocation,
    ProxyHeartbeat,
    ProxyRegistration,
    ProxyRegistrationAck,
)
from prism.control_plane_pb2_grpc import ControlPlaneServicer
from prism_stack.admin import convert
from prism_stack.admin.lifecycle import Lifecycle
from prism_stack.admin.membership import Membership, Welcome
from prism_stack.admin.model import PeerKey
from prism_stack.admin.view import View
from prism_stack.control import fields
from prism_stack.control.agreements import LARGEST_WELCOME
from prism_stack.control.answering import answering, refuse

Assignment = TypeVar("Assignment", NamespaceAssignment, ProcessAssignment)

CREATION_PATIENCE = timedelta(seconds=10)
DELETION_PATIENCE = timedelta(seconds=60)
ANSWER_MARGIN = timedelta(milliseconds=250)
"""What is left of a caller's deadline for our answer to reach it."""
DEFAULT_GRACE_SECONDS = 10
LONGEST_GRACE_SECONDS = 30
"""Within the deadline of the call that ends a process."""
DEFAULT_PAGE, LARGEST_PAGE = 100, 1000
REGISTER_AGAIN = "register again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What is taken where a caller says nothing."""

    heartbeat: timedelta
    pattern: str


class ControlPlaneService(ControlPlaneServicer):
    """What proxies and launchers ask; the calls that they serve themselves are UNIMPLEMENTED here."""

    def __init__(self, membership: Membership, lifecycle: Lifecycle, defaults: Defaults) -> None:
        self._membership = membership
        self._lifecycle = lifecycle
        self._defaults = defaults

    @answering
    def RegisterProxy(self, request: ProxyRegistration, context: grpc.ServicerContext) -> ProxyRegistrationAck:
        """Take a proxy in and tell it everything that it serves."""
        del context
        peer = convert.proxy(request, self._defaults.heartbeat)
        welcome = self._membership.register(peer)
        told = (convert.namespace_assignment(namespace, each) for namespace, each in welcome.assignments)
        ack = ProxyRegistrationAck(
            success=True,
            message=welcome.message,
            partition_ranges=[convert.partition_range(welcome.span)] if welcome.span else [],
        )
        ack.initial_namespaces.extend(_within(told))
        self._tell_rest(peer.key, welcome, len(ack.initial_namespaces))
        return ack

    @answering
    def RegisterLauncher(self, request: LauncherRegistration, context: grpc.ServicerContext) -> LauncherRegistrationAck:
        """Take a launcher in and tell it everything that it runs."""
        del context
        peer = convert.launcher(request, self._defaults.heartbeat)
        welcome = self._membership.register(peer)
        told = (convert.process_assignment(namespace, each) for namespace, each in welcome.assignments)
        ack = LauncherRegistrationAck(success=True, message=welcome.message, assigned_capacity=peer.max_processes)
        ack.initial_processes.extend(_within(told))
        self._tell_rest(peer.key, welcome, len(ack.initial_processes))
        return ack

    @answering
    def Heartbeat(self, request: ProxyHeartbeat, context: grpc.ServicerContext) -> HeartbeatAck:
        """Hear of a proxy."""
        del context
        key, namespaces = convert.proxy_heartbeat(request)
        return _heartbeat_ack(known=self._membership.hear(key, namespaces, {}))

    @answering
    def LauncherHeartbeat(self, request: LauncherHeartbeatRequest, context: grpc.ServicerContext) -> HeartbeatAck:
        """Hear of a launcher."""
        del context
        key, processes = convert.launcher_heartbeat(request)
        return _heartbeat_ack(known=self._membership.hear(key, processes.keys(), processes))

    @answering
    def CreateNamespace(
        self, request: CreateNamespaceRequest, context: grpc.ServicerContext
    ) -> CreateNamespaceResponse:
        """Create a namespace; answer when it can be used."""
        wish = convert.wish(request, self._defaults.pattern)
        namespace = self._lifecycle.create(wish, _patience(context, CREATION_PATIENCE))
        return CreateNamespaceResponse(
            success=True, assigned_partition=namespace.partition, assigned_proxy=namespace.proxy_id
        )

    def AssignNamespace(self, request: NamespaceAssignment, context: grpc.ServicerContext) -> NoReturn:
        """Refuse: this is told to proxies."""
        del request
        refuse(context, grpc.StatusCode.UNIMPLEMENTED, "a proxy serves AssignNamespace")

    def RevokeNamespace(self, request: NamespaceRevocation, context: grpc.ServicerContext) -> NoReturn:
        """Refuse: this is told to proxies."""
        del request
        refuse(context, grpc.StatusCode.UNIMPLEMENTED, "a proxy serves RevokeNamespace")

    def AssignProcess(self, request: ProcessAssignment, context: grpc.ServicerContext) -> NoReturn:
        """Refuse: this is told to launchers."""
        del request
        refuse(context, grpc.StatusCode.UNIMPLEMENTED, "a launcher serves AssignProcess")

    def RevokeProcess(self, request: ProcessRevocation, context: grpc.ServicerContext) -> NoReturn:
        """Refuse: this is told to launchers."""
        del request
        refuse(context, grpc.StatusCode.UNIMPLEMENTED, "a launcher serves RevokeProcess")

    def _tell_rest(self, key: PeerKey, welcome: Welcome, told: int) -> None:
        rest = {each.key.item for _, each in welcome.assignments[told:]}
        if rest:
            self._membership.not_told(key, rest)


class AdminService(AdminServicer):
    """What people ask."""

    def __init__(self, view: View, lifecycle: Lifecycle) -> None:
        self._view = view
        self._lifecycle = lifecycle

    @answering
    def ListNamespaces(
        self, request: wire.ListNamespacesRequest, context: grpc.ServicerContext
    ) -> wire.ListNamespacesResponse:
        """Return a page of namespaces; its token is the last name on it."""
        del context
        fields.check(request)
        size = fields.at_most("page_size", request.page_size, LARGEST_PAGE) or DEFAULT_PAGE
        after = fields.namespace("page_token", request.page_token) if request.page_token else ""
        namespaces, following = self._view.namespaces(after, size)
        return wire.ListNamespacesResponse(namespaces=namespaces, next_page_token=following)

    @answering
    def GetNamespace(self, request: wire.GetNamespaceRequest, context: grpc.ServicerContext) -> wire.NamespaceInfo:
        """Return one namespace."""
        del context
        return self._view.namespace(fields.namespace("namespace", request.namespace))

    @answering
    def DeleteNamespace(
        self, request: wire.DeleteNamespaceRequest, context: grpc.ServicerContext
    ) -> wire.DeleteNamespaceResponse:
        """Delete a namespace; answer when routes, processes and keys are gone."""
        fields.check(request)
        name = fields.namespace("namespace", request.namespace)
        field = "graceful_timeout_seconds"
        seconds = fields.at_most(field, request.graceful_timeout_seconds, LONGEST_GRACE_SECONDS)
        grace = timedelta(seconds=seconds or DEFAULT_GRACE_SECONDS)
        removed = self._lifecycle.delete(name, grace, _patience(context, DELETION_PATIENCE))
        return wire.DeleteNamespaceResponse(keys_removed=removed)

    @answering
    def ListProxies(self, request: wire.ListProxiesRequest, context: grpc.ServicerContext) -> wire.ListProxiesResponse:
        """Return the proxies."""
        del request, context
        return wire.ListProxiesResponse(proxies=self._view.proxies())

    @answering
    def ListLaunchers(
        self, request: wire.ListLaunchersRequest, context: grpc.ServicerContext
    ) -> wire.ListLaunchersResponse:
        """Return the launchers."""
        del request, context
        return wire.ListLaunchersResponse(launchers=self._view.launchers())


def _heartbeat_ack(*, known: bool) -> HeartbeatAck:
    message = "" if known else REGISTER_AGAIN
    return HeartbeatAck(success=known, message=message, server_timestamp=time.time_ns() // 1_000_000)


def _within(messages: Iterator[Assignment]) -> Iterator[Assignment]:
    """Yield messages as long as all of them together fit into one answer."""
    room = LARGEST_WELCOME
    for message in messages:
        room -= message.ByteSize()
        if room < 0:
            return
        yield message


def _patience(context: grpc.ServicerContext, most: timedelta) -> timedelta:
    """Return how long to wait for peers, so that the caller still gets the answer."""
    # Without a deadline there are centuries left, more than a timedelta can hold.
    remaining = timedelta(seconds=min(context.time_remaining(), most.total_seconds() * 2))
    return max(timedelta(), min(most, remaining - ANSWER_MARGIN))
