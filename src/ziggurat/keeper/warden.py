"""The warden: the keeper's parent, which does nothing but outlive it and end what it leaves.

A keeper that is killed leaves its tree to the warden, which is a subreaper too. A warden that is killed is the end of
a pipe to the keeper, which then ends everything. Only both at once leave anything, and that carries the run's tag.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import time

from . import kernel, processes, sweep, terminal
from .house import House
from .keeper import Keeper, serve
from .loop import Loop

FIRST_CONNECTION = 3  # the descriptor at which the process that asked for the keeper put its socket
SOCKET_NAME = "keeper.sock"
RECHECK = 0.001
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
SWEEP_AFTER = 0.05  # seconds: the first services are being started before


def main(arguments: list[str]) -> None:
    """Make the run's folder, fork the keeper and wait for its end.

    Arguments: the run's folder, its tag, and the pid of the owner.
    """
    folder, run, owner = arguments[0], arguments[1], int(arguments[2])
    os.chdir("/")
    os.mkdir(folder, 0o700)
    kernel.become_subreaper()
    terminal.keep_only(FIRST_CONNECTION)
    alive, watched = os.pipe()
    warden = os.getpid()
    keeper = os.fork()
    if keeper == 0:
        os.close(watched)
        run_keeper(folder, run, owner, warden, alive)
    os.close(alive)
    os.close(FIRST_CONNECTION)
    terminal.let_go()
    wait_and_clean(keeper, folder)


def wait_and_clean(keeper: int, folder: str) -> None:
    """Wait for the keeper's end, kill and reap what it left, and remove the run's folder."""
    kernel.set_process_name("ziggurat-warden")
    for number in ENDING:
        signal.signal(number, lambda *_: os.kill(keeper, signal.SIGTERM))
    # Not reaped yet, so that until the signals are ignored its pid cannot be another's.
    os.waitid(os.P_PID, keeper, os.WEXITED | os.WNOWAIT)
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
    while _reap_and_kill():
        time.sleep(RECHECK)
    shutil.rmtree(folder, ignore_errors=True)


def _reap_and_kill() -> bool:
    for pid in processes.descendants(os.getpid()):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def run_keeper(folder: str, run: str, owner: int, warden: int, alive: int) -> None:
    """Be the keeper, until its owner or its warden is gone or it is asked to end."""
    kernel.become_subreaper()
    kernel.set_process_name("ziggurat-keeper")
    loop = Loop()
    house = House(folder, run, loop)
    keeper = Keeper(house, warden=warden)
    loop.once(alive, keeper.end)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # Its file has the mode that the socket has when it is bound.
    os.fchmod(listener.fileno(), 0o600)
    listener.bind(f"{folder}/{SOCKET_NAME}")
    listener.listen(64)
    keeper.welcome(socket.socket(fileno=FIRST_CONNECTION), owner=True)
    keeper.watch_process(owner)
    sweep.record(folder, run, os.getpid(), warden)
    loop.after(SWEEP_AFTER, lambda: sweep.sweep(os.path.dirname(folder)))
    try:
        serve(keeper, house, listener)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)
