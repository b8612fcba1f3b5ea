"""Where a detached stack listens, for programs that only want to call it: nothing of a stack is loaded."""

from __future__ import annotations

from ziggurat import lease as leases
from ziggurat.spec import Endpoint


def addresses_of(name: str) -> dict[str, str]:
    """Return the addresses of the detached stack of this name, by ``service.endpoint``; empty where none runs.

    Raises ``KeeperError`` where its keeper does not answer.
    """
    keeper = leases.find(name)
    if keeper is None:
        return {}
    with keeper:
        services = keeper.about_keeper["about"].get("services", {})
    return {
        f"{service}.{endpoint}": str(Endpoint(host, port))
        for service, told in services.items()
        for endpoint, (host, port) in told["endpoints"].items()
    }
