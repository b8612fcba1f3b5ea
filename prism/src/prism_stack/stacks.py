"""A proxy and its runners as a stack, without the control plane: the data plane alone."""

import signal
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ziggurat import FREE, GrpcHealth, Notify, Port, Program, Restart, Service, Stack, Tcp

KEYVALUE_SERVICE = "prism.interfaces.keyvalue.KeyValueBasicInterface"
DRAIN_TIMEOUT = "2s"
"""Within the toolkit's grace of 5 s, so that a drain ends by itself and not by a kill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """One keyvalue-runner of a stack."""

    name: str = "runner"
    namespace: str = "default"
    max_keys: int | None = None
    port: Port = FREE
    proxy: str = "{proxy.control}"
    """Where it registers: an endpoint of its own stack, or an address."""
    redis: str = ""
    """Where the Redis is that keeps its records, likewise; empty where it keeps them itself."""
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """A prism-proxy of a stack."""

    name: str = "proxy"
    data: Port = FREE
    control: Port = FREE
    arguments: tuple[str, ...] = ()


def keyvalue_stack(
    programs: Mapping[str, Path],
    *,
    name: str = "keyvalue",
    proxy: Proxy = Proxy(),
    runners: tuple[Runner, ...] = (Runner(),),
    beside: tuple[Service, ...] = (),
    restart: Restart = Restart.NEVER,
) -> Stack:
    """Describe a proxy and the runners that register with it, as paths of built programs allow.

    What the runners need, such as a Redis, is a service of the stack too, and ready before they are.
    """
    first = tuple(service.name for service in beside)
    services = [
        *beside,
        proxy_service(programs["prism-proxy"], proxy, restart),
        *(replace(runner_service(programs["keyvalue-runner"], runner, restart), after=first) for runner in runners),
    ]
    health = tuple(GrpcHealth(endpoint="proxy.control", service=health_name(runner.namespace)) for runner in runners)
    return Stack(name=name, services=tuple(services), ready=health)


def health_name(namespace: str) -> str:
    """Return the name under which a proxy tells the health of a namespace's key-value service."""
    return KEYVALUE_SERVICE if namespace in {"default", "*"} else f"{namespace}/{KEYVALUE_SERVICE}"


def paths(programs: Mapping[str, Program]) -> dict[str, Path]:
    """Return the paths of programs by name."""
    return {name: program.path for name, program in programs.items()}


def proxy_service(program: Path, proxy: Proxy, restart: Restart = Restart.NEVER) -> Service:
    """Describe a proxy, ready when both its ports serve."""
    return Service(
        name=proxy.name,
        command=(
            program,
            *("--listen", "{data}"),
            *("--control-listen", "{control}"),
            *("--drain-timeout", DRAIN_TIMEOUT),
            *proxy.arguments,
        ),
        ports={"data": proxy.data, "control": proxy.control},
        ready=Notify(),
        restart=restart,
        dump=signal.SIGQUIT,
    )


def runner_service(program: Path, runner: Runner, restart: Restart = Restart.NEVER) -> Service:
    """Describe a runner, ready when its own port serves."""
    limit = () if runner.max_keys is None else ("--max-keys", str(runner.max_keys))
    store = ("--store", "redis", "--redis-url", f"redis://{runner.redis}") if runner.redis else ()
    return Service(
        name=runner.name,
        command=(
            program,
            *("--listen", "{data}"),
            *("--proxy", runner.proxy),
            *("--namespace", runner.namespace),
            *("--drain-timeout", DRAIN_TIMEOUT),
            *limit,
            *store,
            *runner.arguments,
        ),
        ports={"data": runner.port},
        ready=Notify(),
        restart=restart,
        dump=signal.SIGQUIT,
    )


def redis_service(program: Path, *arguments: str, name: str = "redis") -> Service:
    """Describe a Redis or Valkey for records that may be thrown away; it keeps no files but in its scratch folder."""
    return Service(
        name=name,
        command=(
            program,
            *("--bind", "{data.host}"),
            *("--port", "{data.port}"),
            *("--dir", "{scratch}"),
            *("--save", ""),
            *arguments,
        ),
        ports={"data": FREE},
        ready=Tcp(endpoint="data"),
        stop=(),
    )
