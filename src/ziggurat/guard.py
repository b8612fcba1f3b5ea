"""Refuses the network and processes to a test whose tier does not allow them, at the line that tries.

Python announces connecting, binding, sending and starting processes by audit events, which see through every library
that is written in Python. gRPC's core is not: its channels and servers are stopped where Python makes them. What was
refused is also recorded, so that a test whose code swallowed the error can still be failed.
"""

from __future__ import annotations

import socket
import sys
import threading
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from typing import TYPE_CHECKING, Any

from ziggurat.errors import TierViolation
from ziggurat.tiers import ALLOWED, NETWORK, PROCESSES, Tier, allowed_in

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

ADDRESSED = frozenset({"socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"})
STARTS_PROCESS = frozenset(
    {"subprocess.Popen", "os.posix_spawn", "os.fork", "os.forkpty", "os.exec", "os.system", "os.spawn", "pty.spawn"}
)
GRPC_CORE = "grpc._cython.cygrpc"
GRPC_DOORS = ("Channel", "Server", "AioChannel", "AioServer")


class Guard:
    """What one process may do at this moment; audit hooks cannot be taken back, so there is one for good."""

    def __init__(self) -> None:
        """Allow everything until a tier is entered."""
        self._tier: Tier | None = None
        self._violations: list[TierViolation] = []
        self._installed = False
        self._trusted = threading.local()

    def trust_this_thread(self) -> None:
        """Let this thread do anything at any time: it works for the run, not for the present test."""
        self._trusted.for_good = True

    def enter(self, tier: Tier) -> None:
        """Refuse from now on what the tier does not allow."""
        if not self._installed:
            self._install()
        self._tier = tier
        self._violations = []

    def leave(self) -> list[TierViolation]:
        """Allow everything again and return what was refused meanwhile."""
        self._tier = None
        return self.take_violations()

    def take_violations(self) -> list[TierViolation]:
        """Return what was refused since the last call."""
        taken, self._violations = self._violations, []
        return taken

    def refuse_unless_allowed(self, kind: str, what: str) -> None:
        """Raise ``TierViolation`` where the present tier does not allow this kind of thing."""
        if self._tier is None or kind in ALLOWED[self._tier] or hasattr(self._trusted, "for_good"):
            return
        violation = TierViolation(self._tier.value, what, allowed_in(kind))
        self._violations.append(violation)
        raise violation

    def _install(self) -> None:
        self._installed = True
        sys.addaudithook(self._audit)
        _guard_fork_exec(self)
        if GRPC_CORE in sys.modules:
            guard_grpc(sys.modules[GRPC_CORE], self)
        else:
            sys.meta_path.insert(0, GrpcFinder(self))

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._tier is None:
            return
        if event in ADDRESSED:
            self._refuse_address(event, *arguments[:2])
        elif event in STARTS_PROCESS:
            self.refuse_unless_allowed(PROCESSES, f"starting a process ({event}: {_first_word(arguments)})")

    def _refuse_address(self, event: str, link: socket.socket, address: object) -> None:
        if link.family in {socket.AF_INET, socket.AF_INET6} or (link.family == socket.AF_UNIX and address):
            verb = event.removeprefix("socket.")
            self.refuse_unless_allowed(NETWORK, f"the network ({verb} {_address(address)})")


class GrpcFinder(MetaPathFinder):
    """Guards gRPC's core right after its first import, whenever that is."""

    def __init__(self, guard: Guard) -> None:
        """Guard for whom."""
        self._guard = guard

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find the core as usual, and have it guarded once it is loaded."""
        if fullname != GRPC_CORE:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec and spec.loader:
            spec.loader = _GuardingLoader(spec.loader, self._guard)
        return spec


class _GuardingLoader(Loader):
    def __init__(self, loader: Loader, guard: Guard) -> None:
        self._loader = loader
        self._guard = guard

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        guard_grpc(module, self._guard)


def guard_grpc(core: ModuleType, guard: Guard) -> None:
    """Have gRPC's channels and servers ask the guard before they are made."""
    for door in GRPC_DOORS:
        if hasattr(core, door):
            setattr(core, door, _guarded(getattr(core, door), guard, f"a gRPC {door.removeprefix('Aio').lower()}"))


def _guarded(make: Callable[..., Any], guard: Guard, what: str) -> Callable[..., Any]:
    def made(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever the original takes and returns
        guard.refuse_unless_allowed(NETWORK, what)
        return make(*arguments, **named)

    return made


def _guard_fork_exec(guard: Guard) -> None:
    """Stop multiprocessing too: it starts its processes below the level that is audited."""
    import _posixsubprocess

    real = _posixsubprocess.fork_exec

    def fork_exec(*arguments: Any) -> Any:  # noqa: ANN401 - see _guarded
        guard.refuse_unless_allowed(PROCESSES, "starting a process")
        return real(*arguments)

    _posixsubprocess.fork_exec = fork_exec


def _first_word(arguments: tuple[Any, ...]) -> str:
    return str(arguments[0]) if arguments else "fork"


def _address(address: object) -> str:
    return ":".join(map(str, address[:2])) if isinstance(address, tuple) else str(address)
