"""Which program a service runs, and whether its file is still that program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ziggurat.keeper.build_id import read_build_id

if TYPE_CHECKING:
    from collections.abc import Mapping

SHOWN = 12
"""Digits of a build id that people compare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    """The program that a service runs, beside what stands at its path now."""

    path: str
    build_id: str
    """The GNU build id of what runs, in hex; empty where it has none, or was never asked for while it ran."""
    built_id: str
    """That of the file at the path now; empty where it has none, or is gone."""

    @property
    def is_rebuilt(self) -> bool:
        """Whether the file at the path is another program than the one that runs."""
        return bool(self.build_id) and self.build_id != self.built_id

    def __str__(self) -> str:
        """Say what runs, and what is there now where that is something else."""
        there = f", but {short(self.built_id)} is built there now" if self.is_rebuilt else ""
        return f"{self.path}, build {short(self.build_id)}{there}"


def binary_of(report: Mapping[str, Any]) -> Binary:
    """Return the program of a service by what the keeper tells of it, and by a look at its file."""
    path = str(report["program"])
    return Binary(path=path, build_id=str(report["build_id"]), built_id=read_build_id(path))


def short(build_id: str) -> str:
    """Return the part of a build id that people compare."""
    return build_id[:SHOWN] or "without an id"
