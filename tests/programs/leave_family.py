"""Has descendants of every kind, writes down the pid of each, and stays; with --exit it leaves them and ends.

    child      a plain child
    session    a child that leads a session of its own
    daemon     forked twice, in a session of its own, its parent gone
    bare       the same, and started anew without any environment
    stubborn   a child that ignores SIGTERM
    crowd      fifty children at once
    still      a child that stands still (SIGSTOP)
    nomad      a daemon that has left its session once more, and then its environment

Usage: leave_family.py [--exit] KIND...
"""

import os
import signal
import sys
from collections.abc import Callable

from speaking import notify, say

CROWD = 50
WAITS = "import signal\nwhile True: signal.pause()"


def fork(then: Callable[[], object]) -> int:
    """Fork, and have the child do something and never come back."""
    pid = os.fork()
    if pid == 0:
        try:
            then()
        finally:
            os._exit(0)
    return pid


def stay(kind: str) -> None:
    """Say who this is and wait for ever."""
    say(kind, os.getpid())
    while True:
        signal.pause()


def session() -> None:
    """Lead a session and stay."""
    os.setsid()
    stay("session")


def daemon(then: Callable[[], object]) -> None:
    """Fork once more from a session of its own, so that the parent is gone."""
    os.setsid()
    fork(then)


def bare() -> None:
    """Go on as a program that has no environment, and so no tag."""
    say("bare", os.getpid())
    os.execve(  # noqa: S606 - a program that starts anew is what is tried
        sys.executable, [sys.executable, "-I", "-S", "-c", WAITS], {}
    )


def stubborn() -> None:
    """Ignore SIGTERM and stay."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    stay("stubborn")


def crowd() -> None:
    """Have many children, who all stay."""
    for _ in range(CROWD):
        fork(lambda: stay("crowd"))


def still() -> None:
    """Stand still as soon as it has said who it is."""
    say("still", os.getpid())
    os.kill(os.getpid(), signal.SIGSTOP)
    stay("still")


def nomad() -> None:
    """Leave the session of the daemon that it is, and be a program without environment there."""
    daemon(bare)


BIRTHS: dict[str, Callable[[], object]] = {
    "child": lambda: fork(lambda: stay("child")),
    "session": lambda: fork(session),
    "daemon": lambda: os.waitpid(fork(lambda: daemon(lambda: stay("daemon"))), 0),
    "bare": lambda: os.waitpid(fork(lambda: daemon(bare)), 0),
    "stubborn": lambda: fork(stubborn),
    "crowd": crowd,
    "still": lambda: fork(still),
    "nomad": lambda: os.waitpid(fork(lambda: daemon(nomad)), 0),
}

for word in sys.argv[1:]:
    if word in BIRTHS:
        BIRTHS[word]()
if "--exit" not in sys.argv:
    notify("READY=1")
    while True:
        signal.pause()
