"""Hooks of the process that owns the run: xdist's controller, or the one that runs the tests itself."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING, Any

import pytest

from ziggurat.errors import ZigguratError
from ziggurat.run.journal import Journal
from ziggurat.tiers import Tier

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from ziggurat.run.declared import Declared
    from ziggurat.run.owner import Run

KEEPER_INPUT = "ziggurat_run_keeper"
"""Under this name a worker is told where the run's keeper is."""
LOGS = "run-stack-logs"
BUILD_RUN = "ZIGGURAT_BUILD_RUN"
"""Names the run for ``cargo.build``: one build is enough for this process and for its workers."""


class Owning:
    """Starts the run's keeper, tells workers of it, and ends it."""

    def __init__(self, config: pytest.Config, declared: Mapping[str, Declared], trust: Callable[[], None]) -> None:
        """Own a run of these stacks; ``trust`` is called in each thread that works for it."""
        self._config = config
        self._declared = declared
        self._trust = trust
        self._journal = Journal()
        self._run: Run | None = None
        self._is_named_here = False

    def begin(self) -> Run:
        """Start the keeper, unless it was started before, without waiting for it."""
        from ziggurat.run.owner import Run

        if self._run is None:
            # As xdist does it: the factory is no attribute of the public interface, and a fixture comes too late.
            logs = self._config._tmp_path_factory.mktemp(LOGS)  # type: ignore[attr-defined]  # noqa: SLF001
            self._name_run()
            self._run = Run(self._declared, self._journal, self._trust)
            self._run.begin(logs)
        return self._run

    def folder(self) -> Path:
        """Return the folder of the keeper once it is there; raise why it is not."""
        return self.begin().folder()

    def want(self, names: Collection[str]) -> None:
        """Have stacks started, without waiting for more than their descriptions."""
        self.begin().want(names)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_setupnodes(self) -> None:
        """Start the keeper while the workers are started, unless none of them may use it."""
        if self._config.getoption("tier") != [Tier.UNIT]:
            self.begin()

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:  # noqa: ANN401 - xdist may not be installed
        """Tell a worker where the keeper is."""
        if self._run is None:
            return
        try:
            node.workerinput[KEEPER_INPUT] = str(self._run.folder())
        except ZigguratError as error:
            raise pytest.UsageError(str(error)) from error

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Stop the stacks once the workers are gone; what no test was failed for fails the run."""
        if self._run:
            self._run.end()
        if self._is_named_here:
            os.environ.pop(BUILD_RUN, None)
        if self._journal.is_unblamed and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Tell in full, once, what went wrong with run stacks."""
        lines = self._journal.lines()
        if lines:
            terminalreporter.section("run stacks")
            terminalreporter.write_line("\n".join(lines))

    def _name_run(self) -> None:
        if BUILD_RUN not in os.environ:
            os.environ[BUILD_RUN] = secrets.token_hex(8)
            self._is_named_here = True
