"""The whole of Prism as a stack: an admin, a launcher, and proxies; the launcher starts the runners."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from prism_stack.admin.partitions import divide, owner_of, partition_of
from prism_stack.defaults import (
    ADMIN_PORT,
    FIRST_CONTROL_PORT,
    FIRST_DATA_PORT,
    LAUNCHER_PORT,
    LOCAL,
    RUNNER_PORT,
)
from prism_stack.keyvalue import DEFAULT_NAMESPACE
from prism_stack.stacks import DRAIN_TIMEOUT, KEYVALUE_SERVICE, Proxy, proxy_service
from ziggurat import FREE, Gate, GrpcHealth, Notify, Port, Restart, RunningStack, Service, Stack, service_names

ADMIN, LAUNCHER = "admin", "launcher"
PROXY_PREFIX = "proxy-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where the parts of a stack listen."""

    admin: Port
    launcher: Port
    proxies: tuple[Proxy, ...]
    runner: int
    """The port of the default namespace's runner; 0 for a free one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often the parts hear of each other, and how a launcher starts again what failed."""

    heartbeat: str = "1s"
    restart_backoff: str = "1s..30s"
    restart_reset: str = "60s"
    breaker: str = "5/60s"


def default_layout(proxies: int = 1) -> Layout:
    """Return the documented ports."""
    return Layout(
        admin=Port(number=ADMIN_PORT),
        launcher=Port(number=LAUNCHER_PORT),
        proxies=tuple(
            Proxy(
                name=f"{PROXY_PREFIX}{index + 1}",
                data=Port(number=FIRST_DATA_PORT + index),
                control=Port(number=FIRST_CONTROL_PORT + index),
            )
            for index in range(proxies)
        ),
        runner=RUNNER_PORT,
    )


def free_layout(proxies: int = 1) -> Layout:
    """Return free ports for every part."""
    names = (f"{PROXY_PREFIX}{index + 1}" for index in range(proxies))
    return Layout(admin=FREE, launcher=FREE, proxies=tuple(Proxy(name=name) for name in names), runner=0)


def full_stack(
    programs: Mapping[str, Path], layout: Layout, *, name: str = "full", pace: Pace = Pace(), store: str = ""
) -> Stack:
    """Describe a stack whose parts start again when they fail.

    `store` is the URL of a Redis in which every namespace is kept that names no backend; empty for memory. The stack
    is ready when the default namespace is served, which somebody has to create: see `prism_stack.bootstrap`.
    """
    owner = default_owner(proxy.name for proxy in layout.proxies)
    proxies = (proxy_service(programs["prism-proxy"], proxy, Restart.ON_FAILURE) for proxy in layout.proxies)
    return Stack(
        name=name,
        services=(
            admin_service(layout.admin, pace),
            launcher_service(programs["keyvalue-runner"].parent, layout.launcher, pace, store=store),
            *(_joined(proxy, pace) for proxy in proxies),
        ),
        ready=(GrpcHealth(endpoint=f"{owner}.control", service=KEYVALUE_SERVICE),),
    )


def default_owner(proxies: Iterable[str]) -> str | None:
    """Return which of these proxies serves the default namespace while all are well."""
    return owner_of(partition_of(DEFAULT_NAMESPACE), divide(proxies))


def default_endpoint(running: RunningStack) -> str:
    """Return the data port of the proxy that serves the default namespace of a full stack."""
    owner = default_owner(name for name in running.services if name.startswith(PROXY_PREFIX))
    return running.address(f"{owner}.data")


def admin_service(port: Port, pace: Pace) -> Service:
    """Describe an admin that keeps its state as long as the stack lives."""
    return Service(
        name=ADMIN,
        command=(
            *(sys.executable, "-m", "prism_stack.admin"),
            *("--listen", "{control}"),
            *("--state", "{scratch}/admin.db"),
            *("--heartbeat-interval", pace.heartbeat),
            *("--drain-timeout", DRAIN_TIMEOUT),
        ),
        ports={"control": port},
        ready=Notify(),
        restart=Restart.ON_FAILURE,
        dump=signal.SIGQUIT,
    )


def launcher_service(programs: Path, port: Port, pace: Pace, *, store: str = "") -> Service:
    """Describe a launcher that finds the programs of patterns in a folder, and registers with the stack's admin."""
    return Service(
        name=LAUNCHER,
        command=(
            *(sys.executable, "-m", "prism_stack.launcher"),
            *("--listen", "{control}"),
            *("--admin", f"{{{ADMIN}.control}}"),
            *("--programs", programs),
            *("--state", "{scratch}/launcher.json"),
            *("--heartbeat-interval", pace.heartbeat),
            *("--process-heartbeat-interval", pace.heartbeat),
            *("--restart-backoff", pace.restart_backoff),
            *("--restart-reset", pace.restart_reset),
            *("--breaker", pace.breaker),
            *("--drain-timeout", DRAIN_TIMEOUT),
        ),
        # By a variable, not by a flag: a URL may hold a password, and everybody may read command lines.
        env={"PRISM_STORE": _literal(store)} if store else {},
        ports={"control": port},
        ready=Notify(),
        restart=Restart.ON_FAILURE,
        dump=signal.SIGQUIT,
    )


def local_stack(programs: Mapping[str, Path], layout: Layout, *, store: str = "") -> Stack:
    """Describe the stack of `prismctl local start`."""
    return full_stack(programs, layout, name=LOCAL, store=store)


def local_gate() -> Gate:
    """Describe how e2e tests come to the stack that a person started, with as many proxies as it has."""
    unbuilt = dict.fromkeys(("prism-proxy", "keyvalue-runner"), Path("unbuilt"))
    proxies = sum(name.startswith(PROXY_PREFIX) for name in service_names(LOCAL))
    stack = local_stack(unbuilt, default_layout(proxies or 1))
    return Gate(stack=stack, start="prismctl local start", stop="prismctl local stop")


def _joined(proxy: Service, pace: Pace) -> Service:
    """Return a proxy that registers with the stack's admin."""
    joining = (
        *("--admin", f"{{{ADMIN}.control}}"),
        *("--proxy-id", proxy.name),
        *("--admin-heartbeat-interval", pace.heartbeat),
    )
    return replace(proxy, command=(*proxy.command, *joining))


def _literal(text: str) -> str:
    """Return a text in which no brace names an endpoint."""
    return text.replace("{", "{{").replace("}", "}}")
