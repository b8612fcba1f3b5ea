"""Ends what a dead run left behind, when its keeper and its warden were killed together."""

from __future__ import annotations

import os
import shutil
import signal

from . import processes, roll

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

RECORD = "run"


class Record:
    """Who owns a run: its tag, and pid and start time of its keeper and its warden."""

    def __init__(self, run: str, keeper: tuple[int, int], warden: tuple[int, int]) -> None:
        """Hold what was written down."""
        self.run = run
        self.keeper = keeper
        self.warden = warden

    @property
    def living_keeper(self) -> int:
        """The pid of the keeper, or 0 where it is gone."""
        return self.keeper[0] if processes.is_same(*self.keeper) else 0

    @property
    def living_warden(self) -> int:
        """The pid of the warden, or 0 where it is gone."""
        return self.warden[0] if processes.is_same(*self.warden) else 0


def record(folder: str, run: str, keeper: int, warden: int) -> None:
    """Write down who owns a run: tag, then pid and start time of keeper and warden."""
    words = (run, keeper, processes.start_time(keeper), warden, processes.start_time(warden))
    with open(f"{folder}/{RECORD}.new", "w", encoding="ascii", opener=_private) as file:
        file.write(" ".join(map(str, words)))
    os.replace(f"{folder}/{RECORD}.new", f"{folder}/{RECORD}")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def read(folder: str) -> Record | None:
    """Return what was written down in a run's folder, or None where nothing was."""
    try:
        with open(f"{folder}/{RECORD}", encoding="ascii") as file:
            run, *numbers = file.read().split()
        keeper, keeper_started, warden, warden_started = map(int, numbers)
    except (OSError, ValueError):
        return None
    return Record(run, (keeper, keeper_started), (warden, warden_started))


def sweep(base: str) -> None:
    """Kill the tagged processes of every dead run below a folder, and remove its folder."""
    for name in os.listdir(base):
        folder = f"{base}/{name}"
        run = "" if os.path.islink(folder) else dead_run(folder)
        if run:
            kill((pid, processes.start_time(pid)) for pid in members(run, folder))
            shutil.rmtree(folder, ignore_errors=True)


def members(run: str, folder: str) -> list[int]:
    """Return the processes of a run that its keeper started: by the tag that they carry, or by the run's roll."""
    known = read(folder)
    if known and known.run != run:
        return processes.tagged(run)
    enrolled = [pid for entry in roll.living(folder) for pid in roll.members(entry)]
    return list(dict.fromkeys([*processes.tagged(run), *enrolled]))


def dead_run(folder: str) -> str:
    """Return the tag of a run whose keeper and warden are both gone, else an empty string."""
    known = read(folder)
    return known.run if known and not known.living_keeper and not known.living_warden else ""


def kill(pids: Iterable[tuple[int, int]]) -> None:
    """Kill processes, given by pid and start time."""
    for pid, started in pids:
        try:
            # Through a descriptor, so that the signal cannot reach another process that got the pid meanwhile.
            descriptor = os.pidfd_open(pid)
        except OSError:
            continue
        try:
            if processes.is_same(pid, started):
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        except OSError:
            # It has ended meanwhile, or runs as somebody else by now.
            pass
        os.close(descriptor)
