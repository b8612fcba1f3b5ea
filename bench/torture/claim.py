"""One of many runs: starts and stops stacks, and claims each port in a folder that all runs look into.

    python -m bench.torture.claim CLAIMS PORTS RESULT

A port that another run has claimed, or at which another process answers, is shared; one that a service could not bind
is taken. RESULT gets the counts as JSON.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bench.torture.life import program
from ziggurat import FREE, Notify, Service, ServiceExited, Stack, own, start

if TYPE_CHECKING:
    from ziggurat import Endpoint, Lease
    from ziggurat.service import RunningService

SERVICES, PORTS = 2, 10


@dataclass(slots=True, kw_only=True)
class Run:
    """What came of a run."""

    stacks: int = 0
    ports: int = 0
    taken: list[str] = field(default_factory=list)
    shared: list[str] = field(default_factory=list)

    def live_once(self, lease: Lease, claims: Path) -> None:
        """Start a stack, claim its ports, ask at each who is there, and stop it."""
        try:
            running = start(stack(), lease=lease)
        except ServiceExited as error:
            self.taken.append(str(error))
            return
        self.stacks += 1
        for service in running.services.values():
            for endpoint in service.endpoints.values():
                self.ports += 1
                self._look(service, endpoint, claims)
        for service in running.services.values():
            for endpoint in service.endpoints.values():
                (claims / str(endpoint.port)).unlink(missing_ok=True)
        running.stop()

    def _look(self, service: RunningService, endpoint: Endpoint, claims: Path) -> None:
        try:
            (claims / str(endpoint.port)).touch(exist_ok=False)
        except FileExistsError:
            self.shared.append(f"two runs have port {endpoint.port}")
        if (pid := answering(endpoint)) != service.spawned_pid:
            self.shared.append(f"{pid} answers at port {endpoint.port} of {service.spawned_pid}")


def stack() -> Stack:
    """Return services with many ports."""
    names = [f"p{number}" for number in range(PORTS)]
    command = program("serve_many", *(f"{{{name}}}" for name in names))
    return Stack(
        name="claims",
        services=tuple(
            Service(name=f"s{at}", command=command, ports=dict.fromkeys(names, FREE), ready=Notify(), stop=())
            for at in range(SERVICES)
        ),
    )


def answering(endpoint: Endpoint) -> int:
    """Return the pid that answers."""
    with socket.create_connection((endpoint.host, endpoint.port), timeout=10) as link:
        # Reset instead of closed: what is over would otherwise occupy a port for a minute.
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER)
        return int(link.recv(32))


LINGER = (1).to_bytes(4, sys.byteorder) + (0).to_bytes(4, sys.byteorder)


def main(words: list[str]) -> None:
    """Live until so many ports were used."""
    claims, wanted, result = Path(words[0]), int(words[1]), Path(words[2])
    run = Run()
    with own() as lease:
        while run.ports < wanted and not run.taken:
            run.live_once(lease, claims)
        lease.end()
    fresh = result.with_suffix(f".{os.getpid()}")
    fresh.write_text(json.dumps(asdict(run)))
    fresh.replace(result)


if __name__ == "__main__":
    main(sys.argv[1:])
