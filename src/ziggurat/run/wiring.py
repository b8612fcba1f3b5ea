"""Puts the parts of the run stacks together, in each process those that it needs."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from ziggurat.run.declared import parse
from ziggurat.run.owning import KEEPER_INPUT, Owning
from ziggurat.run.tenant import Tenant
from ziggurat.run.using import Using

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ziggurat.run.declared import Declared
    from ziggurat.run.tenant import Attached
    from ziggurat.stack import RunningStack


def register(config: pytest.Config, lines: list[str], *, trust: Callable[[], None], attached: Attached) -> None:
    """Register the plugins that this process needs; raise ``SpecError`` for a setting that cannot be."""
    declared = parse(lines)
    worker_input = getattr(config, "workerinput", None)
    if worker_input is None:
        owning = Owning(config, declared, trust)
        config.pluginmanager.register(owning, "ziggurat-run-owning")
        tenant = Tenant(owning.folder, attached)
        want = owning.want
    else:
        tenant = Tenant(lambda: Path(worker_input[KEEPER_INPUT]), attached)
        want = tenant.want
    using = Using(declared, tenant, want)
    config.pluginmanager.register(using, "ziggurat-run-using")
    config.pluginmanager.register(fixtures(declared.values(), using.running), "ziggurat-run-stacks")


def fixtures(declared: Iterable[Declared], running: Callable[[str], RunningStack]) -> ModuleType:
    """Return a plugin that has a session fixture for each run stack."""
    module = ModuleType("ziggurat run stacks")
    for stack in declared:
        setattr(module, stack.name, _fixture(stack, running))
    return module


def _fixture(stack: Declared, running: Callable[[str], RunningStack]) -> object:
    def run_stack() -> RunningStack:
        return running(stack.name)

    run_stack.__doc__ = f"The run stack {stack.name}, of {stack.place}: one for all workers."
    return pytest.fixture(scope="session", name=stack.name)(run_stack)
