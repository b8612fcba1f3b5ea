"""Shows logs of several services as one stream, each line with its service's name."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ziggurat import KeeperLost, RunningService

LOOK_EVERY = 0.1
"""Seconds between looks: quick for a person who reads along."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """With how many lines to begin, and whether to go on."""

    lines: int
    forever: bool = False


def show_logs(services: Sequence[RunningService], follow: Follow, say: Callable[[str], None]) -> None:
    """Say the last lines of each log; then, if asked to, each line as it comes, until the stack is gone."""
    width = max(len(service.name) for service in services)
    seen = {service.name: service.log.size() for service in services}
    for service in services:
        for line in service.log.tail(follow.lines):
            say(f"{service.name:<{width}} | {line}")
    while follow.forever and _is_there(services[0]):
        time.sleep(LOOK_EVERY)
        for service in services:
            size = service.log.size()
            if size > seen[service.name]:
                for line in _complete_lines(service, seen):
                    say(f"{service.name:<{width}} | {line}")


def _complete_lines(service: RunningService, seen: dict[str, int]) -> list[str]:
    """Return the lines that are complete, and remember where the next one begins."""
    data = service.log.read(seen[service.name])
    whole = data[: data.rfind(b"\n") + 1]
    seen[service.name] += len(whole)
    return whole.decode(errors="replace").splitlines()


def _is_there(service: RunningService) -> bool:
    try:
        service.facts()
    except KeeperLost:
        return False
    return True
