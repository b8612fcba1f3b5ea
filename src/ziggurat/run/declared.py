"""Which run stacks a project has, by its setting ``ziggurat_run_stacks``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ziggurat.errors import SpecError

if TYPE_CHECKING:
    from ziggurat.startup import Planned

SETTING = "ziggurat_run_stacks"


@dataclass(frozen=True, slots=True)
class Declared:
    """A run stack: the name of its fixture, and where its description is found."""

    name: str
    place: str
    """``module:name`` of a Stack or a Planned, or of a function that returns one."""

    def load(self) -> Planned:
        """Return the stack as it is to be started.

        Raises ``SpecError`` where there is none, or what its function raises.
        """
        from ziggurat import setting
        from ziggurat.spec import Stack
        from ziggurat.startup import Planned

        found = setting.named(SETTING, self.place)
        if isinstance(found, Stack):
            return Planned(stack=found)
        if not isinstance(found, Planned):
            raise setting.wrong_kind(SETTING, self.place, Stack, found)
        return found


def parse(lines: list[str]) -> dict[str, Declared]:
    """Read lines of ``name=module:name``; raise ``SpecError`` for a line that is none, or a name given twice."""
    declared: dict[str, Declared] = {}
    for line in lines:
        name, _, place = (part.strip() for part in line.partition("="))
        module, _, attribute = place.partition(":")
        if not (name.isidentifier() and module and attribute.isidentifier()):
            message = f"{SETTING}: {line!r} is not FIXTURE=MODULE:NAME"
            raise SpecError(message)
        if name in declared:
            message = f"{SETTING}: two run stacks are called {name!r}"
            raise SpecError(message)
        declared[name] = Declared(name, place)
    return declared
