"""What the keeper has from whoever started it: a terminal or a pipe, and whatever else was open there."""

from __future__ import annotations

import os


def let_go() -> None:
    """Write to it no more: who reads a pipe to its end waits until nobody can write to it."""
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 2)
    os.close(silence)


def keep_only(connection: int) -> None:
    """Close what is neither standard nor the connection: somebody may wait for the end of a pipe among it.

    Nor may a service have the connection: while it did, the owner would not see the keeper's end.
    """
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) != connection:
            try:
                os.close(int(name))
            except OSError:
                # The one through which the folder was read.
                continue
    os.set_inheritable(connection, False)
