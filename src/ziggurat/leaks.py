"""Fails a test that leaves a process of its own behind, and says which and who started it.

What a stack starts belongs to its keeper and cannot be left. A process that a fixture of a wider scope starts belongs
to that fixture; one whose command a setting or the test's mark allows is nobody's business.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from ziggurat import may_leave
from ziggurat.errors import Leak
from ziggurat.keeper import processes

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

OF_PYTHON = (r"multiprocessing\.(resource_tracker|forkserver)",)
"""What Python itself starts at the first need and keeps until the interpreter ends."""
LEAVING_SECONDS = 1.0
"""For one that was asked to end and has not yet."""
RECHECK = 0.005
COMMAND_SHOWN = 300
KERNEL_THREADS = 2
"""The pid of the parent of all threads of the kernel."""
TAG = "ZIGGURAT_TESTS"
"""Carries the pid and start time of the process that runs the tests: a daemon is no child of it any more."""


@dataclass(frozen=True, slots=True)
class Known:
    """A process, by what names it for good."""

    pid: int
    started: int


class LeakDetector:
    """A plugin of pytest that compares what runs after a test with what ran before."""

    def __init__(self, config: pytest.Config, is_watched: Callable[[pytest.Item], bool]) -> None:
        """Read what may be left; a test that can start nothing is not watched."""
        self._allowed = may_leave.patterns(may_leave.SETTING, (*OF_PYTHON, *config.getini(may_leave.SETTING)))
        self._is_watched = is_watched
        self._tag = f"{os.getpid()}:{processes.start_time(os.getpid())}"
        self._tag_before = os.environ.get(TAG)
        self._is_watching = False
        self._everyone: set[int] = set()
        self._not_of_the_test: set[Known] = set()
        os.environ[TAG] = self._tag

    def pytest_unconfigure(self) -> None:
        """Leave the environment as it was."""
        if self._tag_before is None:
            os.environ.pop(TAG, None)
        else:
            os.environ[TAG] = self._tag_before

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Note what runs before a test."""
        self._is_watching = self._is_watched(item)
        if self._is_watching:
            self._everyone = set(processes.every_pid())
            self._not_of_the_test = self._children()
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
        """Leave to a fixture of a wider scope what it starts."""
        if not self._is_watching or fixturedef.scope == "function":
            return (yield)
        before, _ = self._started()
        try:
            return (yield)
        finally:
            self._not_of_the_test |= self._settled() - before

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, object, object]:
        """Look once everything of the test is over."""
        __tracebackhide__ = True
        try:
            return (yield)
        finally:
            if self._is_watching:
                self._refuse_leaks(item)

    def _refuse_leaks(self, item: pytest.Item) -> None:
        __tracebackhide__ = True
        left = self._left([*self._allowed, *may_leave.of_marks(item)])
        if left:
            described = [_described(known, item.nodeid) for known in left]
            for known in left:
                _kill(known)
            raise Leak(item.nodeid, described)

    def _left(self, allowed: Sequence[re.Pattern[str]]) -> list[Known]:
        """Return what the test started and is not over, after a moment for what is on its way out."""
        deadline = time.monotonic() + LEAVING_SECONDS
        while True:
            left = [
                known for known in self._settled() if self._is_of_the_test(known) and not _is_allowed(known, allowed)
            ]
            if not left or time.monotonic() > deadline:
                return sorted(left, key=lambda known: (known.started, known.pid))
            time.sleep(RECHECK)

    def _is_of_the_test(self, known: Known) -> bool:
        """Say whether it is neither one that the test found there, nor the child of one."""
        others = {other.pid for other in self._not_of_the_test if processes.is_same(other.pid, other.started)}
        return known not in self._not_of_the_test and others.isdisjoint(_ancestors(known.pid))

    def _settled(self) -> set[Known]:
        """Return what was started so far, as soon as that can be told of everybody, or after a moment.

        Who spawns goes on once the child's old memory is given up, which is a moment before its new one has variables.
        """
        deadline = time.monotonic() + LEAVING_SECONDS
        while True:
            started, is_sure = self._started()
            if is_sure or time.monotonic() > deadline:
                return started
            time.sleep(RECHECK)

    def _started(self) -> tuple[set[Known], bool]:
        """Return the children of this process, and those that came since the test began and carry its tag.

        Beside it stands whether that could be told of everybody.
        """
        told = {pid: self._is_tagged(pid) for pid in processes.every_pid() if pid not in self._everyone}
        tagged = {Known(pid, processes.start_time(pid)) for pid, is_tagged in told.items() if is_tagged}
        return self._children() | {known for known in tagged if known.started}, None not in told.values()

    def _children(self) -> set[Known]:
        found = {Known(pid, processes.start_time(pid)) for pid in processes.children(os.getpid())}
        return {known for known in found if known.started and not _is_keepers(known.pid)}

    def _is_tagged(self, pid: int) -> bool | None:
        """Say whether a process carries the tag; None for one between two programs, which cannot have it yet."""
        variables = processes.environment(pid)
        if not variables:
            if processes.has_no_memory(pid) and processes.parent(pid) != KERNEL_THREADS:
                return None
            # It has got them meanwhile, or runs without any.
            variables = processes.environment(pid)
        return variables.get(TAG) == self._tag and not _is_keepers(pid)


def _ancestors(pid: int) -> Iterator[int]:
    while pid := processes.parent(pid):
        yield pid


def _is_keepers(pid: int) -> bool:
    """Say whether a process is a keeper, or belongs to one: it ends with its stack, or with the run."""
    return processes.name(pid) in processes.KEEPER_NAMES or processes.RUN_VARIABLE in processes.environment(pid)


def _is_allowed(known: Known, allowed: Iterable[re.Pattern[str]]) -> bool:
    command = processes.command(known.pid)
    return any(pattern.search(command) for pattern in allowed)


def _described(known: Known, test: str) -> str:
    """Return the process as one line; pytest says to whatever a test starts which test that is, and in which phase."""
    started_by = processes.environment(known.pid).get("PYTEST_CURRENT_TEST", test)
    return f"pid {known.pid}: {processes.command(known.pid)[:COMMAND_SHOWN]}, started by {started_by}"


def _kill(known: Known) -> None:
    """End what was left: the verdict is given, and the next test must not meet it."""
    try:
        descriptor = os.pidfd_open(known.pid)
    except OSError:
        return
    try:
        if processes.is_same(known.pid, known.started):
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    except OSError:
        return
    finally:
        os.close(descriptor)
