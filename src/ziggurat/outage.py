"""A service that is away for a while: it stands still, was killed, or was asked to stop; then it is there again."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from ziggurat.errors import ConditionTimeout, FaultNotEffective, NotRunning
from ziggurat.fault import lasting

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from ziggurat.errors import Ending
    from ziggurat.service import RunningService

KILLED = -signal.SIGKILL


def paused(service: RunningService) -> AbstractContextManager[int]:
    """Have a service stand still; in the end it goes on, unless it is gone."""

    def begin() -> int:
        try:
            service.pause()
        except ConditionTimeout as error:
            service.resume()
            raise FaultNotEffective(service.name, "paused", "not all of it stood still") from error
        return service.pid

    def end(pid: int) -> bool:
        facts = {"state": "removed"} if service.is_forgotten() else service.facts()
        if facts["state"] != "running" or facts["pid"] != pid:
            # The body has ended it, and perhaps started another.
            service.story("paused").tell(on=False)
            return True
        service.resume()
        return bool(facts["paused"])

    def judge(stood_still: bool) -> None:  # noqa: FBT001 - what ``end`` saw
        if not stood_still:
            raise FaultNotEffective(service.name, "paused", "somebody let it go on meanwhile")

    return lasting(begin, end, judge)


def killed(service: RunningService) -> AbstractContextManager[Ending]:
    """Have a service killed, and started again in the end."""

    def kill() -> Ending:
        ending = service.kill()
        if ending.status != KILLED:
            raise FaultNotEffective(service.name, "killed", f"it {ending} by itself")
        return ending

    return _down(service, kill)


def terminated(service: RunningService, seconds: float | None) -> AbstractContextManager[Ending]:
    """Have a service stopped in its own way, or by SIGTERM, and started again in the end."""

    def terminate() -> Ending:
        ending = service.terminate(seconds)
        if ending.status == KILLED and (service.spec.stop or seconds is not None):
            raise FaultNotEffective(service.name, "terminated", "it did not end in time and was killed")
        return ending

    return _down(service, terminate)


def _down(service: RunningService, take_down: Callable[[], Ending]) -> AbstractContextManager[Ending]:
    def begin() -> Ending:
        if (state := service.facts()["state"]) != "running":
            raise NotRunning(service.name, state)
        try:
            return take_down()
        except FaultNotEffective:
            _bring_back(service)
            raise

    return lasting(begin, lambda _: _bring_back(service))


def _bring_back(service: RunningService) -> None:
    """Start a service again, unless the body did, or has stopped the whole stack."""
    if service.is_forgotten():
        service.story(service.down).tell(on=False)
    elif service.facts()["state"] == "exited":
        service.bring_back()
