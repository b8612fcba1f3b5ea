"""Tells on SIGQUIT what it is doing, and on SIGTERM that it was stopped in peace."""

import signal
import sys

from speaking import notify, say


def stop(*_: object) -> None:
    """End as asked."""
    say("stopped in peace")
    sys.exit()


def tell(*_: object) -> None:
    """Write a dump."""
    say("dump of a shop\n  3 orders wait for stock\nend of dump")


signal.signal(signal.SIGQUIT, tell)
signal.signal(signal.SIGTERM, stop)
notify("READY=1")
while True:
    signal.pause()
