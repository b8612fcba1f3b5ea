"""prism-admin: the one entry, and how its parts are put together."""

from __future__ import annotations

import gc
import logging
import os
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from prism.admin.admin_pb2 import DESCRIPTOR as ADMIN
from prism.admin.admin_pb2_grpc import add_AdminServicer_to_server
from prism.control_plane_pb2 import DESCRIPTOR as CONTROL_PLANE
from prism.control_plane_pb2_grpc import add_ControlPlaneServicer_to_server
from prism_stack.admin.courier import Courier
from prism_stack.admin.errors import StoreFailed
from prism_stack.admin.ledger import Ledger
from prism_stack.admin.lifecycle import MOST_WAITING, Clocks, Lifecycle
from prism_stack.admin.membership import Membership
from prism_stack.admin.messenger import Messenger
from prism_stack.admin.peers import Peers
from prism_stack.admin.service import AdminService, ControlPlaneService, Defaults
from prism_stack.admin.settlement import Settlement
from prism_stack.admin.store import Store
from prism_stack.admin.view import View
from prism_stack.control.fields import IDENTIFIER
from prism_stack.process import dump, notify
from prism_stack.process.errors import CannotWork
from prism_stack.process.health import Health
from prism_stack.process.identity import Program
from prism_stack.process.program import Common, bind, new_server, run
from prism_stack.process.settings import Options, address, positive_duration
from prism_stack.process.stopping import Stop

PROGRAM = Program(name="prism-admin", about="holds namespaces and tells proxies and launchers of them")
LOG = logging.getLogger(PROGRAM.name)

QUICK_THREADS = 16
"""For calls that wait for nobody, beside those that wait for peers."""
REVIEW_SECONDS = 0.1
"""How late a silence may be noticed; looking costs microseconds a peer."""
ROUNDS_TO_RESYNC = 50
"""Every few seconds whatever is unsettled is looked at anew, so that nothing depends on a single nudge."""
STORE_PAUSE_SECONDS = 1.0
"""Between two complaints about a disk that is full."""
SERVICES = tuple(service.full_name for file in (ADMIN, CONTROL_PLANE) for service in file.services_by_name.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What prism-admin is told."""

    listen: str
    state: Path
    defaults: Defaults


def read(options: Options) -> Settings:
    """Take prism-admin's own options."""
    about_heartbeat = "How often a peer that says nothing about it is to be heard of"
    return Settings(
        listen=options.one("listen", address, "127.0.0.1:8981", "Where it serves, as HOST:PORT"),
        state=options.one("state", Path, str(default_state()), "The file that it keeps its state in"),
        defaults=Defaults(
            heartbeat=options.one("heartbeat-interval", positive_duration, "5s", about_heartbeat),
            pattern=options.one("default-pattern", _pattern, "keyvalue", "What a namespace runs that names no pattern"),
        ),
    )


def default_state() -> Path:
    """Return the file in the user's folder for state (XDG)."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state"
    return Path(base) / "prism/admin.db"


def serve(settings: Settings, common: Common, stop: Stop) -> None:
    """Serve until asked to stop, then let calls under way end."""
    health = Health(*SERVICES)
    with _opened(settings.state) as store, ThreadPoolExecutor(MOST_WAITING + QUICK_THREADS) as executor:
        office = Office(store, settings.defaults)
        # What was loaded stays: to look through it for garbage would stop every call for a tenth of a second.
        gc.freeze()
        server = new_server(executor, health.handler())
        add_ControlPlaneServicer_to_server(office.control_plane, server)
        add_AdminServicer_to_server(office.admin, server)
        bound = bind(server, settings.listen)
        office.open()
        server.start()
        health.serve()
        notify.ready({"control": bound})
        LOG.info("serving at %s, state in %s", bound, settings.state)
        stop.wait()
        notify.stopping()
        health.drain()
        server.stop(common.drain_timeout.total_seconds()).wait()
        office.stop()
        executor.shutdown()
        office.close()


class Office:
    """The parts of the admin, put together around one ledger."""

    def __init__(self, store: Store, defaults: Defaults) -> None:
        clocks = Clocks(seconds=time.monotonic, wall_millis=lambda: time.time_ns() // 1_000_000)
        self._ledger = Ledger(store, clocks.wall_millis)
        peers = Peers(clocks.seconds, clocks.wall_millis)
        dump.register("peers", peers.describe)
        settlement = Settlement(self._ledger, peers)
        self._courier = Courier()
        self._messenger = Messenger(settlement, self._courier, clocks.seconds)
        self._membership = Membership(self._ledger, peers, self._messenger.nudge)
        self._lifecycle = Lifecycle(self._ledger, self._membership, settlement, clocks)
        self._lifecycle.nudge = self._messenger.hurry
        self._closing = threading.Event()
        self._watch = threading.Thread(target=self._review, name="review", daemon=True)
        self.control_plane = ControlPlaneService(self._membership, self._lifecycle, defaults)
        self.admin = AdminService(View(self._ledger, peers, settlement), self._lifecycle)

    def open(self) -> None:
        """Take up what the last admin left, and begin to tell and to listen for silence."""
        self._lifecycle.undo_unfinished()
        self._messenger.start()
        self._watch.start()
        self._messenger.nudge(self._ledger.unsettled())

    def close(self) -> None:
        """Save what is known; nobody calls any more."""
        self._ledger.flush()

    def stop(self) -> None:
        """Stop telling; whoever still waits for a peer has waited long enough."""
        self._lifecycle.stop()
        self._closing.set()
        self._watch.join()
        self._messenger.close()
        self._courier.close()

    def _review(self) -> None:
        rounds = 0
        while not self._closing.wait(REVIEW_SECONDS):
            rounds += 1
            try:
                self._membership.review()
                self._ledger.flush()
                if rounds % ROUNDS_TO_RESYNC == 0:
                    self._messenger.nudge(self._ledger.unsettled())
            except StoreFailed as failure:
                LOG.warning("%s; trying again", failure)
                self._closing.wait(STORE_PAUSE_SECONDS)
            except Exception:
                LOG.exception("a review failed")


@contextmanager
def _opened(path: Path) -> Iterator[Store]:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CannotWork(f"{path.parent}: {error.strerror}") from error
    store = Store(path)
    try:
        yield store
    finally:
        store.close()


def _pattern(text: str) -> str:
    if not IDENTIFIER.fullmatch(text):
        raise ValueError("is no name of a pattern")
    return text


def main() -> None:
    """Run prism-admin and exit with the code of its outcome."""
    sys.exit(run(PROGRAM, read, serve))
