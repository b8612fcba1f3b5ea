"""Stacks that live as long as a session, a module or a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ziggurat.errors import ZigguratError

if TYPE_CHECKING:
    from pathlib import Path

    from ziggurat.lease import Lease
    from ziggurat.recorder import Recorder
    from ziggurat.spec import Stack
    from ziggurat.stack import RunningStack
    from ziggurat.startup import Hooks


class StackScope:
    """Starts stacks, and stops them in reverse when its scope ends."""

    def __init__(self, lease: Lease, log_folder: Path, recorder: Recorder) -> None:
        """Start over a lease."""
        self._lease = lease
        self._folder = log_folder
        self._recorder = recorder
        self._started: list[RunningStack] = []
        recorder.listen(lease, log_folder)

    def start(self, stack: Stack, *, hooks: Hooks | None = None) -> RunningStack:
        """Start a stack and return it when it is ready; it is stopped when the scope ends.

        Raises what ``ziggurat.start`` raises.
        """
        from ziggurat.stack import start
        from ziggurat.startup import NO_HOOKS

        running = start(stack, lease=self._lease, log_folder=self._folder, hooks=hooks or NO_HOOKS)
        self._started.append(running)
        self._recorder.enter(running)
        return running

    def end(self) -> None:
        """Stop every stack, also after one that would not stop; raise the first failure."""
        failures: list[ZigguratError] = []
        for running in reversed(self._started):
            self._recorder.leave(running)
            try:
                running.stop()
            except ZigguratError as error:
                failures.append(error)
        self._started.clear()
        if failures:
            raise failures[0]
