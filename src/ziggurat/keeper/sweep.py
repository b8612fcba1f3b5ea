"""Ends what a dead run left behind, when its keeper and its warden were killed together."""

from __future__ import annotations

import os
import shutil
import signal

from . import processes

RECORD = "run"


def record(folder: str, run: str, keeper: int, warden: int) -> None:
    """Write down who owns a run: tag, then pid and start time of keeper and warden."""
    words = (run, keeper, processes.start_time(keeper), warden, processes.start_time(warden))
    with open(f"{folder}/{RECORD}.new", "w", encoding="ascii") as file:
        file.write(" ".join(map(str, words)))
    os.replace(f"{folder}/{RECORD}.new", f"{folder}/{RECORD}")


def sweep(base: str) -> None:
    """Kill the tagged processes of every dead run below a folder, and remove its folder."""
    for name in os.listdir(base):
        folder = f"{base}/{name}"
        run = "" if os.path.islink(folder) else dead_run(folder)
        if run:
            _kill(processes.tagged(run))
            shutil.rmtree(folder, ignore_errors=True)


def dead_run(folder: str) -> str:
    """Return the tag of a run whose keeper and warden are both gone, else an empty string."""
    try:
        with open(f"{folder}/{RECORD}", encoding="ascii") as file:
            run, *numbers = file.read().split()
        keeper, keeper_started, warden, warden_started = map(int, numbers)
    except (OSError, ValueError):
        return ""
    lives = processes.is_same(keeper, keeper_started) or processes.is_same(warden, warden_started)
    return "" if lives else run


def _kill(pids: list[int]) -> None:
    for pid in pids:
        try:
            # Through a descriptor, so that the signal cannot reach another process that got the pid meanwhile.
            descriptor = os.pidfd_open(pid)
        except OSError:
            continue
        try:
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        except OSError:
            # It has ended meanwhile, or runs as somebody else by now.
            pass
        os.close(descriptor)
