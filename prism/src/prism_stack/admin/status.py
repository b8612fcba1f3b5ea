"""The status of a namespace in one word and a reason, made of its phase and its surroundings."""

from __future__ import annotations

from dataclasses import dataclass

from prism_stack.admin.model import Condition, Health, Namespace, Phase

FAILED_PROCESS = "failed"


@dataclass(frozen=True, slots=True)
class Status:
    """A word of the contract, and why."""

    word: str
    reason: str = ""


def status_of(namespace: Namespace, condition: Condition) -> Status:
    """Return what is told of a namespace."""
    awaited = _awaited(condition)
    if namespace.phase is not Phase.ACTIVE:
        return Status(namespace.phase.value, awaited)
    if condition.proxy is not Health.HEALTHY:
        return Status("failed", f"proxy {namespace.proxy_id} is {condition.proxy}, and no other is healthy")
    if condition.launcher is Health.GONE:
        return Status("failed", f"launcher {namespace.launcher_id} is gone, and no other has room")
    for process in condition.processes:
        if process.status == FAILED_PROCESS:
            return Status("failed", process.last_error or "its process failed")
    if awaited and any(each.wanted for each in condition.placements if not each.acknowledged):
        return Status("moving", awaited)
    if condition.launcher is Health.UNHEALTHY:
        return Status("active", f"launcher {namespace.launcher_id} is silent: nobody supervises its process")
    return Status("active")


def _awaited(condition: Condition) -> str:
    """Whom the namespace waits for, and what they last said."""
    peers = sorted({str(each.key.peer) for each in condition.placements if not each.settled})
    waiting = f"waiting for {', '.join(peers)}" if peers else ""
    return "; ".join(filter(None, [waiting, *condition.refusals]))
