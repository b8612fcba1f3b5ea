"""The life of one service: spawned, running, asked to stop, killed with all that it left behind, gone.

idle ── spawn ──> running ── main process ends ──> ending ── tree is empty ──> exited
                    │                                ^                           │ restart on failure
                    └── stop ──> stopping ───────────┘        waiting <──────────┘ ── delay ──> running
"""

from __future__ import annotations

import os
import signal
import time

from . import processes, restart, shim
from .build_id import read_build_id
from .logs import Log
from .refusal import Refused
from .spawn import spawn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .house import House
    from .loop import Timer

RECHECK = 0.005  # seconds between looks at a tree whose members were killed but are not all gone
STEADY = 10.0  # seconds of running after which earlier failures no longer lengthen the delay
HEARD_AT_ONCE = 16  # datagrams: one that talks without end must not keep the others from being heard
ALIVE = {"running", "stopping"}


class Service:
    """One program of a stack, its log, its notify socket and its whole tree of processes."""

    def __init__(self, spec: dict[str, object], house: House) -> None:
        """Prepare what the service needs; nothing is started yet."""
        self.name = str(spec["name"])
        self.spec = spec
        self.state = "idle"
        self.pid = 0
        self.exit_status: int | None = None
        self.restarts = 0
        self.told: dict[str, str] = {}
        self.build_id = ""
        self.tells_growth = False
        self.log = Log(str(spec["log"]), int(str(spec["log_bound"])))
        self.notify = house.notify_socket()
        self._house = house
        self._failures = 0
        self._spawned_at = 0.0
        self._family: dict[int, int] = {}
        self._timer: Timer | None = None
        self._when_gone: list[Callable[[], None]] = []

    # === life ===

    def spawn(self) -> None:
        """Start the program in a session of its own.

        Raises ``Refused`` (program) where it cannot be started, (spec) where it is described wrongly.
        """
        argv: list[str] = self.spec["argv"]  # type: ignore[assignment]
        try:
            self.pid = spawn(self.spec, self._variables(), self.log.path)
        except OSError as error:
            self.state = "exited"
            reason = f"{error.strerror} ({error.filename or argv[0]})"
            raise Refused("program", f"cannot start {argv[0]}: {reason}", program=argv[0], reason=reason) from None
        except Refused:
            self.state = "exited"
            raise
        except ValueError as error:
            self.state = "exited"
            raise Refused("spec", f"cannot start {argv[0]}: {error}") from None
        self._house.adopt(self)
        self.state, self.exit_status, self.told, self.build_id = "running", None, {}, ""
        self._spawned_at = time.monotonic()
        self._family = {}
        self.tells_growth = bool(self.spec.get("tells_growth"))
        self._house.emit("spawned", self.name, pid=self.pid, restarts=self.restarts, log=self.log.path)

    def stop(self, steps: list[list[float]] | None, when_gone: Callable[[], None]) -> None:
        """Send each step's signal and wait its seconds; after the last, kill. Call back when the tree is empty.

        Without steps the service's own are taken.
        """
        own: list[list[float]] = self.spec["stop"]  # type: ignore[assignment]
        if self.state in {"idle", "exited", "waiting"}:
            self._cancel_timer()
            self.state = "exited"
            when_gone()
            return
        self._when_gone.append(when_gone)
        if self.state != "ending":
            self.state = "stopping"
            self._next_step(own if steps is None else steps)

    def kill(self) -> None:
        """Kill the main process and whatever belongs to it."""
        self._cancel_timer()
        if self.state == "waiting":
            self.state = "exited"
        if self.state not in ALIVE:
            return
        self.state = "stopping"
        self._remember_family()
        self.send(signal.SIGKILL)

    def send(self, number: int) -> None:
        """Send a signal to the main process; this process is its parent, so the pid cannot be another's."""
        if self.state not in ALIVE:
            message = f"{self.name} is not running ({self.state})"
            raise Refused("not-running", message, service=self.name, state=self.state)
        os.kill(self.pid, number)
        self._house.emit("signalled", self.name, signal=number, pid=self.pid)

    def send_below(self, number: int) -> None:
        """Send a signal to whatever is below the main process, also to what is forked meanwhile."""
        reached: set[int] = set()
        while found := set(processes.descendants(self.pid)) - reached:
            reached |= found
            for pid in found:
                _send(pid, number)

    def main_ended(self, wait_status: int) -> None:
        """Take note that the main process was reaped, and end what it left behind."""
        asked = self.state == "stopping"
        self._cancel_timer()
        self.exit_status = os.waitstatus_to_exitcode(wait_status)
        self.log.grew()
        self.state = "ending"
        self._house.emit("exited", self.name, status=self.exit_status, pid=self.pid, asked=asked)
        self.end_tree()

    def end_tree(self) -> None:
        """Kill what is left of the tree; look again until it is empty."""
        if self.state != "ending":
            return
        members = self._leftovers()
        for pid in members:
            _send(pid, signal.SIGKILL)
        if members:
            self._restart_timer(RECHECK, self.end_tree)
        else:
            self._gone()

    def close(self) -> None:
        """Close the log."""
        self.log.close()

    # === what it says ===

    def hear(self) -> None:
        """Read what came on the notify socket; only the main process is believed unless declared otherwise."""
        for _ in range(HEARD_AT_ONCE):
            heard = self.notify.receive()
            if heard is None:
                return
            pid, told = heard
            if pid == self.pid or self.spec.get("notify_access") == "all":
                self.told |= told
                self._house.emit("notified", self.name, told=told, pid=self.pid)
            else:
                self._house.emit("ignored", self.name, told=told, sender=pid)

    def heals_itself(self) -> bool:
        """Say whether it has ended and is to be started again by its own policy."""
        return self.state in {"ending", "waiting"} and self.spec.get("restart") == restart.ON_FAILURE

    def is_doomed(self) -> bool:
        """Say whether it was killed, or is ending, and is not reaped yet."""
        return self.state == "running" and processes.is_doomed(self.pid)

    def report(self) -> dict[str, object]:
        """Return all that is known of the service."""
        return {
            "name": self.name,
            "program": self.spec["argv"][0],  # type: ignore[index]
            "state": self.state,
            "pid": self.pid,
            "started": processes.start_time(self.pid) if self.state in ALIVE else 0,
            "paused": self.state == "running" and self._stands_still(),
            "exit_status": self.exit_status,
            "restarts": self.restarts,
            "told": self.told,
            "build_id": self._known_build_id(),
            "uptime": time.monotonic() - self._spawned_at if self.state == "running" else 0.0,
            "log": self.log.path,
        }

    # === within ===

    def _stands_still(self) -> bool:
        """Say whether the main process is stopped, and all below it with it."""
        if processes.state(self.pid) != "T":
            return False
        return all(processes.state(pid) in {"T", "Z", ""} for pid in processes.descendants(self.pid))

    def _variables(self) -> dict[str, str]:
        return {**self._house.tags(self.name), "NOTIFY_SOCKET": self.notify.path}

    def _known_build_id(self) -> str:
        """Read it when it is first asked for: while programs start, each moment of the processor is theirs."""
        if not self.build_id and self.state in ALIVE and not shim.still_runs(self.pid, str(self.spec["argv"][0])):  # type: ignore[index]
            self.build_id = read_build_id(f"/proc/{self.pid}/exe")
        return self.build_id

    def _next_step(self, steps: list[list[float]]) -> None:
        if not steps:
            self.kill()
            return
        (number, seconds), *rest = steps
        self._remember_family()
        self.send(int(number))
        if processes.state(self.pid) == "T":
            # One that stands still cannot stop in its own way, nor one that waits for a child that does.
            os.kill(self.pid, signal.SIGCONT)
            self.send_below(signal.SIGCONT)
        self._restart_timer(seconds, lambda: self._next_step(rest))

    def _remember_family(self) -> None:
        """Note who is below the main process now: one that later changes session and environment is still known."""
        for pid in processes.descendants(self.pid):
            self._family[pid] = processes.start_time(pid)

    def _leftovers(self) -> list[int]:
        """Return who of the family still runs; who was once known to belong to it is known until its very end."""
        for pid in self._house.strangers():
            if pid not in self._family and self._is_mine(pid):
                self._family[pid] = processes.start_time(pid)
        return [pid for pid, started in self._family.items() if processes.is_same(pid, started)]

    def _is_mine(self, pid: int) -> bool:
        if processes.session(pid) == self.pid or self._house.is_tagged(pid, self.name):
            return True
        # Whose it is can no longer be told of one that has given its memory back, but still has its ports.
        return processes.has_no_memory(pid)

    def _gone(self) -> None:
        self.state = "exited"
        self._house.emit("gone", self.name)
        waiting, self._when_gone = self._when_gone, []
        for callback in waiting:
            callback()
        if not waiting:
            self._plan_restart()

    def _plan_restart(self) -> None:
        if time.monotonic() - self._spawned_at > STEADY:
            self._failures = 0
        wait = restart.delay(str(self.spec.get("restart", restart.NEVER)), self.exit_status or 0, self._failures)
        if wait is None or self._house.is_ending:
            return
        self._failures += 1
        self.state = "waiting"
        self._restart_timer(wait, self._respawn)

    def _respawn(self) -> None:
        self.restarts += 1
        try:
            self.spawn()
        except Refused as refusal:
            self._house.emit("failed", self.name, message=str(refusal))

    def _restart_timer(self, seconds: float, action: Callable[[], None]) -> None:
        self._cancel_timer()
        self._timer = self._house.loop.after(seconds, action)

    def _cancel_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None


def _send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
