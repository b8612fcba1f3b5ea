"""The relay from its arguments to its end."""

from __future__ import annotations

import os
import resource
import socket
from typing import TYPE_CHECKING

from ziggurat.keeper.loop import Loop
from ziggurat.relay.control import Commander
from ziggurat.relay.link import Link

if TYPE_CHECKING:
    from collections.abc import Sequence

CONTROL = "control"
"""The socket in the relay's own folder."""


def main(arguments: list[str]) -> None:
    """Carry the links until somebody ends this process."""
    folder, *addresses = arguments
    # A path below it may be longer than that of a socket can be.
    os.chdir(folder)
    _allow_many_connections()
    loop = Loop()
    links = links_of(addresses, loop)
    _obey(links, loop)
    _say_ready()
    loop.run()


def links_of(addresses: Sequence[str], loop: Loop) -> list[Link]:
    """Return a link for each two addresses: where it is entered, and where it leads."""
    return [
        Link(_address(listen), _address(target), loop)
        for listen, target in zip(addresses[::2], addresses[1::2], strict=True)
    ]


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def _allow_many_connections() -> None:
    """Have as many descriptors as are allowed: each connection takes two."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _obey(links: Sequence[Link], loop: Loop) -> None:
    if os.path.lexists(CONTROL):
        # Of a relay before this one, which was killed.
        os.unlink(CONTROL)  # noqa: PTH108 - as the keeper: pathlib is a good part of a start
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(CONTROL)
    listener.listen()
    loop.watch(listener.fileno(), lambda: _welcome(listener, links, loop))


def _welcome(listener: socket.socket, links: Sequence[Link], loop: Loop) -> None:
    end, _ = listener.accept()
    Commander(end, links, loop)


def _say_ready() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
        link.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
