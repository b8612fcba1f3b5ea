"""Keeps a launcher registered with its admin, which tells it what is to run and hears how that is."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import grpc

from prism.control_plane_pb2 import (
    LauncherHeartbeatRequest,
    LauncherRegistration,
    LauncherRegistrationAck,
    LauncherResourceUsage,
    ProcessAssignment,
    ProcessHealth,
)
from prism.control_plane_pb2_grpc import ControlPlaneStub
from prism_stack.channel import open_channel
from prism_stack.control.agreements import HEARTBEAT_INTERVAL, LARGEST_WELCOME
from prism_stack.control.pauses import PEER_AWAY
from prism_stack.control.refusals import Refusal
from prism_stack.launcher import convert
from prism_stack.launcher.wish import Wish

LOG = logging.getLogger("prism-launcher")

REGISTER_SECONDS, HEARTBEAT_SECONDS = 10.0, 5.0
"""What the contract gives to these calls."""
SURELY_WHOLE = LARGEST_WELCOME // 2
"""Bytes. The admin leaves out of its answer what would make it larger than that, and no single wish is half of it."""
TYPES = (convert.PATTERN,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """How a launcher introduces itself."""

    launcher_id: str
    address: str
    """Where the admin and processes reach it."""
    version: str
    max_processes: int
    heartbeat: timedelta


Report = tuple[Mapping[str, ProcessHealth], LauncherResourceUsage]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What the link needs of the launcher."""

    read: Callable[[ProcessAssignment], Wish]
    settle: Callable[[Iterable[Wish], bool], None]
    """Makes wishes so; the flag says that they are all there are."""
    report: Callable[[], Report]


class AdminLink:
    """The thread that registers, and then is heard of."""

    def __init__(self, admin: str, identity: Identity, work: Work) -> None:
        self._address = admin
        self._identity = identity
        self._work = work
        self._channel = open_channel(admin)
        self._stub = ControlPlaneStub(self._channel)
        self._news = threading.Event()
        self._closing = False
        self._failures = 0
        self._settlers = ThreadPoolExecutor(1, thread_name_prefix="settle")
        self._thread = threading.Thread(target=self._run, name="admin-link", daemon=True)

    def start(self) -> None:
        """Begin to register."""
        self._thread.start()

    def nudge(self) -> None:
        """Be heard of now: something has changed."""
        self._news.set()

    def close(self) -> None:
        """Be silent from now on."""
        self._closing = True
        self._news.set()
        self._channel.close()
        self._thread.join()
        self._settlers.shutdown(cancel_futures=True)

    # === within ===

    def _run(self) -> None:
        is_registered = False
        while not self._closing:
            try:
                is_registered = self._beat() if is_registered else self._register()
                self._succeeded()
            except (grpc.RpcError, ValueError) as error:
                # A channel that is closed under a call is a ValueError.
                self._failed(error)
            self._news.wait(self._pause(is_registered=is_registered))
            self._news.clear()

    def _register(self) -> bool:
        identity = self._identity
        registration = LauncherRegistration(
            launcher_id=identity.launcher_id,
            address=identity.address,
            version=identity.version,
            max_processes=identity.max_processes,
            process_types=TYPES,
            metadata={HEARTBEAT_INTERVAL: str(identity.heartbeat // timedelta(milliseconds=1))},
        )
        welcome = self._stub.RegisterLauncher(registration, timeout=REGISTER_SECONDS)
        LOG.info("registered with the admin at %s: %s", self._address, welcome.message)
        # Whatever takes long, such as the end of a process, must not keep this launcher from being heard of.
        self._settlers.submit(self._settle, welcome)
        return True

    def _settle(self, welcome: LauncherRegistrationAck) -> None:
        wishes = []
        for message in welcome.initial_processes:
            try:
                wishes.append(self._work.read(message))
            except Refusal as refusal:
                LOG.warning("the admin wishes %s: %s", message.process_id, refusal)
        complete = welcome.ByteSize() < SURELY_WHOLE and len(wishes) == len(welcome.initial_processes)
        self._work.settle(wishes, complete)

    def _beat(self) -> bool:
        """Return whether the admin knows this launcher."""
        health, resources = self._work.report()
        heartbeat = LauncherHeartbeatRequest(
            launcher_id=self._identity.launcher_id,
            process_health=health,
            resources=resources,
            timestamp=time.time_ns() // 1_000_000,
        )
        known: bool = self._stub.LauncherHeartbeat(heartbeat, timeout=HEARTBEAT_SECONDS).success
        if not known:
            self._news.set()
        return known

    def _succeeded(self) -> None:
        if self._failures:
            LOG.info("the admin at %s is there", self._address)
        self._failures = 0

    def _failed(self, error: Exception) -> None:
        self._failures += 1
        if self._failures == 1 and not self._closing:
            said = f"{error.code().name}: {error.details()}" if isinstance(error, grpc.Call) else str(error)
            LOG.warning("the admin at %s cannot be told anything: %s; what runs goes on", self._address, said)

    def _pause(self, *, is_registered: bool) -> float:
        if self._failures:
            return PEER_AWAY.pause(self._failures).total_seconds()
        return self._identity.heartbeat.total_seconds() if is_registered else 0.0
