"""Uses up ephemeral ports, and looks whether one that it is given was claimed by a run.

    python -m bench.torture.churn CLAIMS RESULT

Listens at ports that the kernel picks, alone and shared, and connects from others, until SIGTERM.
"""

from __future__ import annotations

import json
import signal
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.torture.claim import LINGER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BATCH = 50
PAUSE = 0.01
"""Between batches: it is to take ports from the runs, not the processor."""


def main(words: list[str]) -> None:
    """Churn until the end and tell what was met."""
    claims, result = Path(words[0]), Path(words[1])
    going = [True]
    signal.signal(signal.SIGTERM, lambda *_: going.clear())
    picked, shared = 0, set()
    with socket.create_server(("127.0.0.1", 0)) as server:
        while going:
            for port in churned(server):
                picked += 1
                if (claims / str(port)).exists():
                    shared.add(f"port {port} of a run was given to somebody else")
            time.sleep(PAUSE)
    result.write_text(json.dumps({"picked": picked, "shared": sorted(shared)}))


def churned(server: socket.socket) -> Iterator[int]:
    """Pick ports in every way, and give back each after it was looked at."""
    ways: tuple[Callable[[], socket.socket], ...] = (
        lambda: socket.create_server(("127.0.0.1", 0)),
        lambda: socket.create_server(("127.0.0.1", 0), reuse_port=True),
        lambda: connected(server),
    )
    for _ in range(BATCH):
        for way in ways:
            with way() as picked:
                yield picked.getsockname()[1]


def connected(server: socket.socket) -> socket.socket:
    """Connect, and accept it at the other end."""
    link = socket.create_connection(server.getsockname())
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER)
    server.accept()[0].close()
    return link


if __name__ == "__main__":
    main(sys.argv[1:])
