"""How a process is told of: to people, to the admin, and to itself."""

from __future__ import annotations

from prism.control_plane_pb2 import ProcessHealth
from prism.launcher import launcher_pb2 as wire
from prism.launcher.launcher_control_pb2 import ProxyEndpoint
from prism_stack.control import fields
from prism_stack.launcher.life import Life, Stage
from prism_stack.launcher.process import Process
from prism_stack.launcher.resources import Usage
from prism_stack.launcher.wish import Wish

STATES = {
    Stage.STARTING: wire.STATE_STARTING,
    Stage.RUNNING: wire.STATE_RUNNING,
    Stage.WAITING: wire.STATE_STARTING,
    Stage.FAILED: wire.STATE_FAILED,
    Stage.TERMINATING: wire.STATE_TERMINATING,
}
WORDS = {
    Stage.STARTING: "starting",
    Stage.RUNNING: "running",
    Stage.WAITING: "starting",
    Stage.FAILED: "failed",
    Stage.TERMINATING: "stopping",
}


def pattern_info(process: Process, host: str, now: float) -> wire.PatternInfo:
    """Return a process as people are told of it."""
    life = process.life
    return wire.PatternInfo(
        pattern_name=process.wish.pattern,
        process_id=process.id,
        state=STATES[life.stage],
        address=address(process, host),
        healthy=life.is_healthy and life.stage is Stage.RUNNING,
        uptime_seconds=uptime(life, now),
        namespace=process.wish.namespace,
        last_error=life.last_error,
        error_count=life.errors,
        restart_count=life.restarts,
        pid=life.pid,
    )


def process_health(process: Process, usage: Usage, now: float) -> ProcessHealth:
    """Return a process as the admin is told of it."""
    life = process.life
    return ProcessHealth(
        status=WORDS[life.stage],
        pid=life.pid,
        restart_count=life.restarts,
        error_count=life.errors,
        memory_mb=usage.memory_mb,
        uptime_seconds=uptime(life, now),
        last_error=life.last_error[: fields.LONGEST_TEXT],
        cpu_percent=usage.cpu_percent,
    )


def address(process: Process, host: str) -> str:
    """Return where a process serves, or will serve."""
    return process.life.data_endpoint or f"{host}:{process.port}"


def uptime(life: Life, now: float) -> int:
    """Return for how many whole seconds the process has been there."""
    return int(now - life.spawned_at) if life.is_alive else 0


def proxy_endpoints(wish: Wish) -> list[ProxyEndpoint]:
    """Return the proxies of a wish as a process is told of them."""
    return [ProxyEndpoint(proxy_id=proxy.id, control_endpoint=proxy.address) for proxy in wish.proxies]
