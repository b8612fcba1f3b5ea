"""Which run stacks a test needs, and whether alone: pure functions on the names that it gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ziggurat.errors import UnknownName

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

REQUEST = "request"
"""The fixture through which a test can come to fixtures that it does not name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What a test says of the run stacks that it uses."""

    fixtures: frozenset[str]
    """The fixtures that it and its fixtures name."""
    shared: frozenset[str] = frozenset()
    """The stacks in its ``shared`` marks."""
    exclusive: frozenset[str] | None = None
    """The stacks in its ``exclusive`` marks; empty for whichever it uses, None without the mark."""

    def is_alone(self, stack: str) -> bool:
        """Say whether the test must have a stack alone if it uses it."""
        return self.exclusive is not None and (not self.exclusive or stack in self.exclusive)

    def wants(self, declared: Collection[str], loose: Collection[str] = ()) -> dict[str, bool]:
        """Return the run stacks that the test uses, true for alone, in a fixed order.

        A loose one was requested without being named by a test of this process: from then on whoever can request
        fixtures may be using it. Raises ``UnknownName`` for a mark that names what is no run stack.
        """
        named = self.shared | (self.exclusive or frozenset())
        unknown = sorted(named - set(declared))
        if unknown:
            raise UnknownName("run stack", unknown[0], sorted(declared))
        used = named | self.fixtures.intersection(declared)
        if REQUEST in self.fixtures:
            used |= set(loose)
        return {name: self.is_alone(name) for name in sorted(used)}


def named_in(marks: Iterable[tuple[str, ...]]) -> frozenset[str] | None:
    """Return the names that a test's marks of one kind give; empty if one of them gives none, None without marks."""
    given = list(marks)
    if not given:
        return None
    return frozenset(_names(given)) if all(given) else frozenset()


def _names(marks: list[tuple[str, ...]]) -> Iterator[str]:
    for names in marks:
        yield from map(str, names)
