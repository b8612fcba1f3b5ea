"""What is to be done so that what runs becomes what the admin wishes: a pure function."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from prism_stack.launcher.wish import Wish


@dataclass(frozen=True, slots=True)
class Launch:
    """Start what is not there."""

    wish: Wish


@dataclass(frozen=True, slots=True)
class Relaunch:
    """End it and start it anew: what it was started with is wished otherwise."""

    wish: Wish


@dataclass(frozen=True, slots=True)
class Retell:
    """Tell it of other proxies; it goes on."""

    wish: Wish


@dataclass(frozen=True, slots=True)
class End:
    """End what nobody wishes any more."""

    process_id: str


Action = Launch | Relaunch | Retell | End


def reconcile(desired: Iterable[Wish], actual: Mapping[str, Wish], *, complete: bool) -> list[Action]:
    """Return what leads from the actual wishes, by process id, to the desired ones.

    Where the desired ones are not complete, or a process was launched by hand, what is missing there stays.
    """
    wanted = {wish.process_id: wish for wish in desired}
    actions: list[Action] = []
    if complete:
        surplus = (held for held in actual.values() if held.is_assigned and held.process_id not in wanted)
        actions += [End(held.process_id) for held in surplus]
    for wish in wanted.values():
        action = step(wish, actual.get(wish.process_id))
        actions += [action] if action else []
    return actions


def step(wish: Wish, held: Wish | None) -> Action | None:
    """Return what one wish asks for, beside what is held of it; None for nothing."""
    if held is None:
        return Launch(wish)
    if held.version > wish.version:
        return None
    if not wish.runs_as(held):
        return Relaunch(wish)
    return Retell(wish) if wish != held else None
