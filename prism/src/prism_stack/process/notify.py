"""Telling whoever started the program how it is, in the words of sd_notify."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

from prism_stack.process.errors import DeadNotifySocket

VARIABLE = "NOTIFY_SOCKET"


def ready(endpoints: Mapping[str, str], environ: Mapping[str, str] = os.environ) -> None:
    """Say that the program serves, and at which bound addresses; nothing where nobody asked to be told."""
    lines = ["READY=1", *(f"X_ENDPOINT_{name.upper()}={address}" for name, address in endpoints.items())]
    _tell("".join(f"{line}\n" for line in lines), environ)


def stopping(environ: Mapping[str, str] = os.environ) -> None:
    """Say that the program has begun to stop."""
    _tell("STOPPING=1\n", environ)


def _tell(message: str, environ: Mapping[str, str]) -> None:
    name = environ.get(VARIABLE, "")
    if not name:
        return
    # A leading @ means Linux's abstract space, which the kernel writes as a zero byte.
    path = "\0" + name[1:] if name.startswith("@") else name
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.sendto(message.encode(), path)
    except OSError as error:
        raise DeadNotifySocket(name, error) from error
