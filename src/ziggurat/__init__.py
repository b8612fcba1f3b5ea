"""Test a system of several processes as a pyramid: unit, integration over real processes, end to end.

>>> from ziggurat import FREE, Service, Stack, Tcp, start
>>> web = Service(
...     name="web",
...     command=("python3", "-m", "http.server", "{http.port}", "--bind", "{http.host}"),
...     ports={"http": FREE},
...     ready=Tcp(endpoint="http"),
... )
>>> with start(Stack(name="example", services=(web,))) as running:  # doctest: +SKIP
...     running.address("web.http")
'127.0.0.1:41873'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ziggurat.cargo import Program as Program
    from ziggurat.cargo import build as build
    from ziggurat.errors import (
        AlreadyRunning as AlreadyRunning,
    )
    from ziggurat.errors import (
        BuildFailed as BuildFailed,
    )
    from ziggurat.errors import (
        ConditionTimeout as ConditionTimeout,
    )
    from ziggurat.errors import (
        CycleError as CycleError,
    )
    from ziggurat.errors import (
        Ending as Ending,
    )
    from ziggurat.errors import (
        GateClosed as GateClosed,
    )
    from ziggurat.errors import (
        KeeperError as KeeperError,
    )
    from ziggurat.errors import (
        KeeperLost as KeeperLost,
    )
    from ziggurat.errors import (
        NotReady as NotReady,
    )
    from ziggurat.errors import (
        NotRunning as NotRunning,
    )
    from ziggurat.errors import (
        PortTaken as PortTaken,
    )
    from ziggurat.errors import (
        ProgramNotFound as ProgramNotFound,
    )
    from ziggurat.errors import (
        ServiceExited as ServiceExited,
    )
    from ziggurat.errors import (
        SpecError as SpecError,
    )
    from ziggurat.errors import (
        StartFailed as StartFailed,
    )
    from ziggurat.errors import (
        TierViolation as TierViolation,
    )
    from ziggurat.errors import (
        UnknownName as UnknownName,
    )
    from ziggurat.errors import (
        UsageError as UsageError,
    )
    from ziggurat.errors import (
        Waiting as Waiting,
    )
    from ziggurat.errors import (
        WorldError as WorldError,
    )
    from ziggurat.errors import (
        ZigguratError as ZigguratError,
    )
    from ziggurat.gate import Gate as Gate
    from ziggurat.lease import Lease as Lease
    from ziggurat.lease import own as own
    from ziggurat.log import ServiceLog as ServiceLog
    from ziggurat.service import RunningService as RunningService
    from ziggurat.spec import (
        FREE as FREE,
    )
    from ziggurat.spec import (
        REPORTED as REPORTED,
    )
    from ziggurat.spec import (
        Ask as Ask,
    )
    from ziggurat.spec import (
        Endpoint as Endpoint,
    )
    from ziggurat.spec import (
        GrpcHealth as GrpcHealth,
    )
    from ziggurat.spec import (
        LogLine as LogLine,
    )
    from ziggurat.spec import (
        Notify as Notify,
    )
    from ziggurat.spec import (
        OnOrphan as OnOrphan,
    )
    from ziggurat.spec import (
        Port as Port,
    )
    from ziggurat.spec import (
        Probe as Probe,
    )
    from ziggurat.spec import (
        Restart as Restart,
    )
    from ziggurat.spec import (
        Service as Service,
    )
    from ziggurat.spec import (
        Stack as Stack,
    )
    from ziggurat.spec import (
        Started as Started,
    )
    from ziggurat.spec import (
        Tcp as Tcp,
    )
    from ziggurat.stack import (
        RunningStack as RunningStack,
    )
    from ziggurat.stack import (
        attach as attach,
    )
    from ziggurat.stack import (
        start as start,
    )
    from ziggurat.stack import (
        start_detached as start_detached,
    )
    from ziggurat.tiers import Tier as Tier
    from ziggurat.waiting import wait_until as wait_until

_HOMES = {
    "cargo": ("Program", "build"),
    "errors": (
        "AlreadyRunning",
        "BuildFailed",
        "ConditionTimeout",
        "CycleError",
        "Ending",
        "GateClosed",
        "KeeperError",
        "KeeperLost",
        "NotReady",
        "NotRunning",
        "PortTaken",
        "ProgramNotFound",
        "ServiceExited",
        "SpecError",
        "StartFailed",
        "TierViolation",
        "UnknownName",
        "UsageError",
        "Waiting",
        "WorldError",
        "ZigguratError",
    ),
    "gate": ("Gate",),
    "lease": ("Lease", "own"),
    "log": ("ServiceLog",),
    "service": ("RunningService",),
    "spec": (
        "FREE",
        "REPORTED",
        "Ask",
        "Endpoint",
        "GrpcHealth",
        "LogLine",
        "Notify",
        "OnOrphan",
        "Port",
        "Probe",
        "Restart",
        "Service",
        "Stack",
        "Started",
        "Tcp",
    ),
    "stack": ("RunningStack", "attach", "start", "start_detached"),
    "tiers": ("Tier",),
    "waiting": ("wait_until",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME_OF)  # noqa: PLE0605 - one table says both where a name lives and that it is public


def __getattr__(name: str) -> object:
    """Import a public name's module when the name is first used (PEP 562)."""
    if name not in _HOME_OF:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value: object = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return list(__all__)
