"""Starts a program in a session of its own, with nothing of the keeper's but what it is meant to have."""

from __future__ import annotations

import os
import signal

from . import shim
from .listeners import Listeners

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

EVERY_SIGNAL = sorted(signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP})


def spawn(spec: Mapping[str, Any], variables: Mapping[str, str], log: str) -> int:
    """Start what a service's description says and return its pid.

    Its environment is the described one with these variables; all that it writes goes to the log. Raises ``OSError``
    or ``ValueError`` where it cannot be started, ``Refused`` (bind) for a listener that it cannot be handed.
    """
    listeners = Listeners(spec.get("listeners", ()))
    words = shim.wrapped(spec["argv"], spec.get("limits"), listens=bool(listeners))
    folder = spec.get("cwd")
    try:
        if folder:
            os.chdir(folder)
        return os.posix_spawn(
            words[0],
            words,
            {**spec["env"], **variables, **listeners.variables()},
            file_actions=(
                (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
                *listeners.actions(),
            ),
            setsid=True,
            setsigmask=(),
            setsigdef=EVERY_SIGNAL,
        )
    finally:
        listeners.close()
        if folder:
            os.chdir("/")
