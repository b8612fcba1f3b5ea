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
    from ziggurat.binary import Binary as Binary
    from ziggurat.cargo import Program as Program, build as build, last_built as last_built
    from ziggurat.detached import addresses_of as addresses_of
    from ziggurat.errors import (
        AlreadyRunning as AlreadyRunning,
        BuildFailed as BuildFailed,
        ConditionTimeout as ConditionTimeout,
        CycleError as CycleError,
        Damage as Damage,
        Ending as Ending,
        FaultNotEffective as FaultNotEffective,
        GateClosed as GateClosed,
        KeeperError as KeeperError,
        KeeperLost as KeeperLost,
        Leak as Leak,
        Loss as Loss,
        NotExclusive as NotExclusive,
        NotReady as NotReady,
        NotRunning as NotRunning,
        PortTaken as PortTaken,
        ProgramNotFound as ProgramNotFound,
        RunStackDamaged as RunStackDamaged,
        RunStackDown as RunStackDown,
        ServiceExited as ServiceExited,
        SpecError as SpecError,
        StartFailed as StartFailed,
        TierViolation as TierViolation,
        UnknownName as UnknownName,
        UsageError as UsageError,
        Waiting as Waiting,
        WorldError as WorldError,
        ZigguratError as ZigguratError,
    )
    from ziggurat.gate import Gate as Gate
    from ziggurat.grpc_calls import watch as watch
    from ziggurat.lease import Lease as Lease, own as own
    from ziggurat.link import RunningLink as RunningLink
    from ziggurat.log import ServiceLog as ServiceLog
    from ziggurat.relay.shape import Way as Way
    from ziggurat.service import RunningService as RunningService
    from ziggurat.spec import (
        FREE as FREE,
        OUTSIDE as OUTSIDE,
        REPORTED as REPORTED,
        Ask as Ask,
        Endpoint as Endpoint,
        GrpcHealth as GrpcHealth,
        Http as Http,
        Limits as Limits,
        Link as Link,
        LogLine as LogLine,
        Notify as Notify,
        OnOrphan as OnOrphan,
        Port as Port,
        Probe as Probe,
        Restart as Restart,
        Service as Service,
        Stack as Stack,
        Started as Started,
        Tcp as Tcp,
    )
    from ziggurat.stack import (
        RunningStack as RunningStack,
        attach as attach,
        service_names as service_names,
        start as start,
        start_detached as start_detached,
    )
    from ziggurat.startup import Hooks as Hooks, Planned as Planned
    from ziggurat.tiers import Tier as Tier
    from ziggurat.waiting import wait_until as wait_until

_HOMES = {
    "binary": ("Binary",),
    "cargo": ("Program", "build", "last_built"),
    "detached": ("addresses_of",),
    "errors": (
        "AlreadyRunning",
        "BuildFailed",
        "ConditionTimeout",
        "CycleError",
        "Damage",
        "Ending",
        "FaultNotEffective",
        "GateClosed",
        "KeeperError",
        "KeeperLost",
        "Leak",
        "Loss",
        "NotExclusive",
        "NotReady",
        "NotRunning",
        "PortTaken",
        "ProgramNotFound",
        "RunStackDamaged",
        "RunStackDown",
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
    "grpc_calls": ("watch",),
    "lease": ("Lease", "own"),
    "link": ("RunningLink",),
    "log": ("ServiceLog",),
    "relay.shape": ("Way",),
    "service": ("RunningService",),
    "spec": (
        "FREE",
        "OUTSIDE",
        "REPORTED",
        "Ask",
        "Endpoint",
        "GrpcHealth",
        "Http",
        "Limits",
        "Link",
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
    "stack": ("RunningStack", "attach", "service_names", "start", "start_detached"),
    "startup": ("Hooks", "Planned"),
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
