"""The client of prism-launcher: the processes of patterns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from prism.launcher import launcher_pb2
from prism.launcher.launcher_pb2_grpc import PatternLauncherStub
from prism_stack.clients.control import DEFAULT_TIMEOUT, ControlClient


class LauncherClient(ControlClient[PatternLauncherStub]):
    """Asks one prism-launcher; every call raises the `CallError` that it ends with."""

    def __init__(self, address: str, *, timeout: timedelta = DEFAULT_TIMEOUT) -> None:
        super().__init__(address, timeout, PatternLauncherStub)

    def launch_pattern(
        self,
        pattern: str,
        *,
        namespace: str = "",
        isolation: launcher_pb2.IsolationLevel.ValueType = launcher_pb2.ISOLATION_LEVEL_UNSPECIFIED,
        config: Mapping[str, str] | None = None,
    ) -> launcher_pb2.LaunchResponse:
        """Start a pattern's process, or return the one that runs; the answer says whether it is healthy, or why not."""
        request = launcher_pb2.LaunchRequest(
            pattern_name=pattern, namespace=namespace, isolation=isolation, config=config or {}
        )
        return self._call(lambda stub: stub.LaunchPattern, request)

    def list_patterns(
        self,
        *,
        pattern: str = "",
        namespace: str = "",
        state: launcher_pb2.ProcessState.ValueType = launcher_pb2.STATE_UNSPECIFIED,
    ) -> list[launcher_pb2.PatternInfo]:
        """Return the processes, or those of a pattern, a namespace or a state."""
        request = launcher_pb2.ListPatternsRequest(pattern_name=pattern, namespace=namespace, state=state)
        return list(self._call(lambda stub: stub.ListPatterns, request).patterns)

    def terminate_pattern(self, process_id: str, *, grace: timedelta = timedelta(), force: bool = False) -> None:
        """End a process and forget it; `force` kills it. The grace is in whole seconds, 0 for the launcher's own."""
        request = launcher_pb2.TerminateRequest(
            process_id=process_id, grace_period_secs=int(grace.total_seconds()), force=force
        )
        self._call(lambda stub: stub.TerminatePattern, request, unless_terminated)


def unless_terminated(answer: launcher_pb2.TerminateResponse) -> str:
    """Return why a process was not ended; an empty string where it was."""
    return "" if answer.success else answer.error or "it was not terminated"
