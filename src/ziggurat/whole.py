"""A whole stack, as a probe of it sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ziggurat.template import lookup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ziggurat.log import ServiceLog
    from ziggurat.service import RunningService
    from ziggurat.spec import Endpoint


@dataclass(slots=True, kw_only=True)
class Whole:
    """What a probe of the whole stack sees: any service's endpoints."""

    services: Mapping[str, RunningService]
    log: ServiceLog
    log_start: int = 0
    key: str = ""
    spawned_pid: int = 0
    told: dict[str, str] = field(default_factory=dict)

    @classmethod
    def beside(cls, services: Mapping[str, RunningService], endpoint: str) -> Whole:
        """Return the whole as a probe of ``service.endpoint`` sees it, with that service's log."""
        owner = services[endpoint.partition(".")[0]]
        return cls(services=services, log=owner.log, log_start=owner.log_start)

    def endpoint(self, name: str) -> Endpoint | None:
        """Return an endpoint by ``service.endpoint``."""
        service, _, endpoint = name.partition(".")
        addresses = {known: running.endpoints for known, running in self.services.items()}
        found = lookup(addresses, service, endpoint)
        return found if found.port else None

    def hear(self, told: dict[str, str]) -> None:
        """Nothing speaks for the whole."""

    def report_port(self, name: str, number: int) -> None:
        """Nothing is reported to the whole."""

    def look_for_ports(self) -> list[str]:
        """Each service's ports are known before the whole is looked at."""
        return []
