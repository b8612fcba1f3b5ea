"""A lease on a keeper: an open connection to it; while the owner's is open, its services live."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import signal
import socket
import stat
import sys
import tempfile
import threading
from collections import deque
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

from ziggurat import keeper
from ziggurat.errors import (
    KeeperError,
    KeeperLost,
    NotExclusive,
    NotRunning,
    PortTaken,
    ProgramNotFound,
    RunStackDown,
    SpecError,
    WorldError,
    ZigguratError,
)
from ziggurat.keeper.processes import KEEPER_VARIABLE
from ziggurat.keeper.wire import Lines, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

FIRST_CONNECTION = 3
HELLO_SECONDS = 10.0
CHUNK = 65536
SOCKET_NAME = "keeper.sock"
LONGEST_BASE = 80
"""Bytes: the path of a socket may have 107, and those of a run have 21 more than the folder of runs."""

Message = dict[str, Any]


class Lease:
    """A connection to a keeper; safe to use from several threads, which wait for each other."""

    def __init__(self, end: socket.socket) -> None:
        """Say hello over a connected socket."""
        self._end = end
        self._lines = Lines()
        self._lock = threading.RLock()
        self._number = 0
        self._answers: dict[int, Message] = {}
        self._unheeded: set[object] = set()
        self._events: deque[Message] = deque()
        self._has_news = False
        self.awaiting = threading.RLock()
        """Held by whoever awaits readiness: an event is told once, so only one may take them at a time."""
        self.listeners: list[Callable[[Message], None]] = []
        self.about_keeper: Message = self.ask("hello")
        self._news = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self.ask("events")

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give the lease back."""
        self.close()

    @property
    def folder(self) -> Path:
        """The run's own folder: sockets, and logs unless they were put elsewhere."""
        return Path(self.about_keeper["folder"])

    def fileno(self) -> int:
        """Return the descriptor that can be read when the keeper has something to say."""
        return self._end.fileno()

    def ask(self, verb: str, **facts: object) -> Any:  # noqa: ANN401 - each verb has an answer of its own
        """Ask for one thing and wait for the answer.

        Raises what the keeper refused with, or ``KeeperLost``.
        """
        return self.ask_all([(verb, facts)])[0]

    def ask_all(self, requests: Iterable[tuple[str, Mapping[str, object]]]) -> list[Any]:
        """Ask for several things at once and wait for all answers; the first refusal is raised after the last."""
        outcomes = self.ask_each(requests)
        raise_first(outcomes)
        return outcomes

    def ask_each(self, requests: Iterable[tuple[str, Mapping[str, object]]]) -> list[Any]:
        """Ask for several things at once and return for each its answer, or the error that it was refused with."""
        return self.begin(requests)()

    def begin(self, requests: Iterable[tuple[str, Mapping[str, object]]]) -> Callable[[], list[Any]]:
        """Ask for several things at once; what is returned waits for their outcomes, and may be called once."""
        with self._lock:
            numbers = [self._send(verb, facts) for verb, facts in requests]
        return lambda: self._outcomes(numbers)

    def tell(self, verb: str, **facts: object) -> None:
        """Ask for something without waiting: nobody needs the answer."""
        with self._lock:
            self._unheeded.add(self._send(verb, facts))

    def descriptors(self) -> tuple[int, int]:
        """Return the descriptors of which one can be read when there are events to take.

        The second is for those that came with somebody's answer, and so will not come again.
        """
        return self._end.fileno(), self._news

    def events(self) -> list[Message]:
        """Return what happened since the last call, without waiting."""
        with self._lock:
            try:
                while self._receive(socket.MSG_DONTWAIT) == CHUNK:
                    pass
            except BlockingIOError:
                pass
            happened = list(self._events)
            self.drop_events()
        return happened

    def drop_events(self) -> None:
        """Forget what was told and nobody took: for who only listens."""
        with self._lock:
            self._events.clear()
            if self._has_news:
                with suppress(BlockingIOError):
                    os.eventfd_read(self._news)
                self._has_news = False

    def close(self) -> None:
        """Close the connection; if it was the owner's, the keeper ends everything."""
        if self._end.fileno() >= 0:
            os.close(self._news)
        self._end.close()

    def end(self) -> None:
        """Have everything ended and wait until the keeper is gone."""
        try:
            self.ask("end")
            while True:
                self._receive()
        except KeeperLost:
            pass
        self.close()

    def _outcomes(self, numbers: list[int]) -> list[Any]:
        with self._lock:
            try:
                for number in numbers:
                    while number not in self._answers:
                        self._receive()
            finally:
                # Also where this thread is interrupted: another one may be waiting for what came.
                self._wake_who_awaits_events()
            answers = [self._answers.pop(number) for number in numbers]
        return [_outcome(answer) for answer in answers]

    def _wake_who_awaits_events(self) -> None:
        if self._events and not self._has_news:
            os.eventfd_write(self._news, 1)
            self._has_news = True

    def _send(self, verb: str, facts: Mapping[str, object]) -> int:
        self._number += 1
        try:
            self._end.sendall(encode({"id": self._number, "do": verb, **facts}))
        except OSError as error:
            raise KeeperLost from error
        return self._number

    def _receive(self, flags: int = 0) -> int:
        """Take what came and return its size: less than was asked for is all that there was."""
        try:
            data = self._end.recv(CHUNK, flags)
        except BlockingIOError:
            raise
        except OSError as error:
            raise KeeperLost from error
        if not data:
            raise KeeperLost
        for message in self._lines.feed(data):
            if "event" in message:
                self._events.append(message)
                for listener in self.listeners:
                    listener(message)
            elif message["id"] in self._unheeded:
                self._unheeded.remove(message["id"])
            else:
                self._answers[cast("int", message["id"])] = message
        return len(data)


def own(name: str = "", base: Path | None = None) -> Lease:
    """Start a keeper that lives as long as this process and this lease, or until the lease says ``disown``.

    One with a name can be found by it.
    """
    base = base or base_folder()
    folder = base / secrets.token_hex(4)
    keeper = _begin(folder)
    if name:
        # A link, not the folder's own name: a dead run's warden may still be removing that run's folder.
        fresh = base / f"{name}.{folder.name}"
        fresh.symlink_to(folder)
        fresh.replace(base / name)
    return keeper


def find(name: str, base: Path | None = None) -> Lease | None:
    """Return a lease on the keeper of that name, or None where none answers."""
    return connect((base or base_folder()) / name)


def belonging() -> Lease | None:
    """Return a lease on the keeper that started this process, or None where none did."""
    folder = os.environ.get(KEEPER_VARIABLE)
    return connect(Path(folder)) if folder else None


def connect(folder: Path, *, patience: float | None = None) -> Lease | None:
    """Return a lease on the keeper of a run's folder, or None where there is none.

    ``patience`` is for who must go on: an answer that takes more seconds is ``KeeperLost``. Raises ``KeeperError``
    where there is a keeper that does not say hello.
    """
    end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    end.settimeout(HELLO_SECONDS if patience is None else patience)
    try:
        end.connect(str(folder / SOCKET_NAME))
        found = Lease(end)
    except (OSError, KeeperLost) as error:
        end.close()
        if isinstance(error.__cause__, TimeoutError):
            raise KeeperError("silent", f"the keeper in {folder} does not answer") from error
        return None
    end.settimeout(patience)
    return found


@contextmanager
def naming(name: str, base: Path | None = None) -> Iterator[None]:
    """Let one process at a time decide whether a keeper of this name is to be started."""
    path = (base or base_folder()) / f"{name}.lock"
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def base_folder() -> Path:
    """Return this user's folder for runs, made for this user alone.

    Raises ``WorldError`` where it cannot be made or somebody else owns it, or where no socket could be in it.
    """
    parent = os.environ.get("XDG_RUNTIME_DIR", "")
    # A relative one is not valid, and would be another folder for each command.
    named = Path(parent) / "ziggurat" if parent.startswith("/") else None
    base = named or Path(tempfile.gettempdir()) / f"ziggurat-{os.getuid()}"
    if len(os.fsencode(base)) > LONGEST_BASE:
        message = f"{base} is too long a path for sockets: set XDG_RUNTIME_DIR to a shorter one"
        raise WorldError(message)
    try:
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        message = f"{base} cannot be made ({error.strerror}): set XDG_RUNTIME_DIR to a folder that you may write"
        raise WorldError(message) from error
    facts = base.lstat()
    if facts.st_uid != os.getuid() or stat.S_IMODE(facts.st_mode) & 0o077 or not stat.S_ISDIR(facts.st_mode):
        message = f"{base} must be a folder of this user's alone (mode 0700); remove it or set XDG_RUNTIME_DIR"
        raise WorldError(message)
    return base


def _begin(folder: Path) -> Lease:
    """Start a keeper, whose warden makes the run's folder: an owner that is killed here has left nothing."""
    end = _spawn(folder)
    try:
        return Lease(end)
    except KeeperLost:
        end.close()
        # A warden that was killed before it had a keeper leaves it to nobody else.
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _spawn(folder: Path) -> socket.socket:
    ours, theirs = socket.socketpair()
    run = secrets.token_hex(8)
    program = str(Path(keeper.__file__).parent / "__main__.py")
    pid = os.posix_spawn(
        sys.executable,
        [sys.executable, "-I", "-S", program, str(folder), run, str(os.getpid())],
        os.environ,
        file_actions=(
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_DUP2, theirs.fileno(), FIRST_CONNECTION),
        ),
        setsid=True,
        setsigmask=(),
        setsigdef=(signal.SIGPIPE, signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD),
    )
    theirs.close()
    _reap_later(pid)
    return ours


def _reap_later(pid: int) -> None:
    """Reap the warden when it ends, so that it never stays as a zombie."""
    threading.Thread(target=_reap, args=(pid,), name="ziggurat-warden-reaper", daemon=True).start()


def _reap(pid: int) -> None:
    # A program that ignores SIGCHLD leaves it to the kernel, and a test may wait for every child that it has.
    with suppress(ChildProcessError):
        os.waitpid(pid, 0)


def raise_first(outcomes: Iterable[object]) -> None:
    """Raise the first of these that is an error of the toolkit."""
    for outcome in outcomes:
        if isinstance(outcome, ZigguratError):
            raise outcome


def _outcome(answer: Message) -> Any:  # noqa: ANN401 - see Lease.ask
    refused = answer.get("refused")
    if refused is None:
        return answer["ok"]
    match refused["kind"]:
        case "port-taken":
            return PortTaken(refused["host"], refused["port"], refused["pid"], refused["command"])
        case "program":
            return ProgramNotFound("service", refused["program"], refused["reason"])
        case "spec":
            return SpecError(refused["message"])
        case "not-running":
            return NotRunning(refused["service"], refused["state"])
        case "shared":
            return NotExclusive(refused["stack"], refused["service"])
        case "stack":
            return RunStackDown(refused["stack"], refused["message"])
        case kind:
            return KeeperError(kind, refused["message"])
