"""The service for people: messages in, messages out; what they mean is decided elsewhere."""

# ruff: noqa: N802 - the names of the methods are the wire's

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc

from prism.launcher import launcher_pb2 as wire
from prism.launcher.launcher_pb2_grpc import PatternLauncherServicer
from prism_stack.control import fields
from prism_stack.control.answering import answering
from prism_stack.launcher import answers, convert
from prism_stack.launcher.endings import Manner
from prism_stack.launcher.errors import LaunchFailed
from prism_stack.launcher.life import Stage

if TYPE_CHECKING:
    from prism_stack.launcher.convert import Defaults
    from prism_stack.launcher.endings import Endings
    from prism_stack.launcher.launches import Launches
    from prism_stack.launcher.manifest import Pattern
    from prism_stack.launcher.process import Process
    from prism_stack.launcher.roster import Roster

LONGEST_PATIENCE = 60.0
"""Seconds that a caller without a deadline is let wait."""
ANSWER_MARGIN = 0.25
"""Seconds that are left of a caller's deadline for the answer to reach it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What every answer needs."""

    launcher_id: str
    roster: Roster
    patterns: Mapping[str, Pattern]
    defaults: Defaults
    host: str
    heartbeat_millis: int
    began: float


class PatternLauncherService(PatternLauncherServicer):
    """What people ask."""

    def __init__(self, known: Known, launches: Launches, endings: Endings) -> None:
        self._known = known
        self._launches = launches
        self._endings = endings

    @answering
    def LaunchPattern(self, request: wire.LaunchRequest, context: grpc.ServicerContext) -> wire.LaunchResponse:
        """Start a pattern's process, or find it; answer once it is up or has failed."""
        wish = convert.launch(request, self._known.patterns, self._known.defaults)
        try:
            process = self._launches.launch(wish, patience(context), as_it_is=not request.config)
        except LaunchFailed as failure:
            return wire.LaunchResponse(process_id=wish.process_id, state=wire.STATE_FAILED, error=str(failure))
        life = process.life
        is_up = life.stage is Stage.RUNNING
        return wire.LaunchResponse(
            process_id=process.id,
            state=answers.STATES[life.stage],
            address=answers.address(process, self._known.host),
            healthy=is_up and life.is_healthy,
            error="" if is_up and life.is_healthy else life.last_error or "it is still starting",
        )

    @answering
    def ListPatterns(
        self, request: wire.ListPatternsRequest, context: grpc.ServicerContext
    ) -> wire.ListPatternsResponse:
        """Return the processes, or those of a pattern, a namespace and a state."""
        del context
        fields.check(request)
        state = convert.listed_state(request.state)
        if request.pattern_name:
            fields.identifier("pattern_name", request.pattern_name)
        if request.namespace:
            fields.namespace("namespace", request.namespace)
        found = [
            each
            for each in self._infos()
            if request.pattern_name in {"", each.pattern_name}
            and request.namespace in {"", each.namespace}
            and state in {wire.STATE_UNSPECIFIED, each.state}
        ]
        return wire.ListPatternsResponse(patterns=found, total_count=len(found))

    @answering
    def TerminatePattern(self, request: wire.TerminateRequest, context: grpc.ServicerContext) -> wire.TerminateResponse:
        """End a process and forget it, history and all."""
        del context
        fields.check(request)
        seconds = convert.grace("grace_period_secs", request.grace_period_secs)
        self._endings.end(
            convert.known_id("process_id", request.process_id), Manner(grace=seconds, force=request.force)
        )
        return wire.TerminateResponse(success=True)

    @answering
    def Health(self, request: wire.HealthRequest, context: grpc.ServicerContext) -> wire.HealthResponse:
        """Return how many processes there are, and how they are."""
        del context
        infos = self._infos()
        states = Counter(each.state for each in infos)
        isolations = Counter("none" if each.process_id.startswith("shared:") else "namespace" for each in infos)
        return wire.HealthResponse(
            healthy=not states[wire.STATE_FAILED],
            total_processes=len(infos),
            running_processes=states[wire.STATE_RUNNING],
            terminating_processes=states[wire.STATE_TERMINATING],
            failed_processes=states[wire.STATE_FAILED],
            isolation_distribution=isolations,
            processes=infos if request.include_processes else (),
            uptime_seconds=int(time.monotonic() - self._known.began),
        )

    @answering
    def GetProcessStatus(
        self, request: wire.GetProcessStatusRequest, context: grpc.ServicerContext
    ) -> wire.GetProcessStatusResponse:
        """Return one process, or that there is none."""
        del context
        fields.check(request)
        found = self._known.roster.find(convert.known_id("process_id", request.process_id))
        if found is None:
            return wire.GetProcessStatusResponse(not_found=True)
        return wire.GetProcessStatusResponse(process=self._info(found))

    def _infos(self) -> list[wire.PatternInfo]:
        return [self._info(process) for process in self._known.roster.all()]

    def _info(self, process: Process) -> wire.PatternInfo:
        return answers.pattern_info(process, self._known.host, time.monotonic())


def patience(context: grpc.ServicerContext) -> float:
    """Return the seconds that may be waited, so that the caller still gets the answer."""
    return max(0.0, min(context.time_remaining(), LONGEST_PATIENCE) - ANSWER_MARGIN)
