"""What may change in what the admin knows: a row is put in the place of its former self, or dropped."""

from __future__ import annotations

from dataclasses import dataclass

from prism_stack.admin.model import Namespace, Peer, Placement

Row = Peer | Namespace | Placement


@dataclass(frozen=True, slots=True)
class Put:
    """The row is so from now on."""

    row: Row


@dataclass(frozen=True, slots=True)
class Drop:
    """The row is no more."""

    row: Row


Change = Put | Drop
