"""What has to be told to whom, so that what peers hold becomes what they are to hold.

Laws, each a test:

1. What is wanted and not acknowledged in its version is assigned.
2. A proxy lets a namespace go once another has acknowledged it, or nobody is to have it: made before broken.
3. A launcher stops a process after that, and never before a proxy that can be reached has let go of the namespace:
   routes go before the runner.
4. What is wanted and acknowledged is left alone, so after every answer there is nothing to tell.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from prism_stack.admin.model import Kind, PeerKey, Placement


class Verb(StrEnum):
    """What a peer is told to do."""

    ASSIGN = "assign"
    REVOKE = "revoke"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing to tell one peer."""

    verb: Verb
    placement: Placement


def actions(placements: Collection[Placement], away: Collection[PeerKey] = ()) -> list[Action]:
    """Return what is to be told now about one namespace; peers that are away hold nothing up, and are told too."""
    return [
        *(Action(verb=Verb.ASSIGN, placement=each) for each in placements if each.wanted and not each.acknowledged),
        *(Action(verb=Verb.REVOKE, placement=each) for each in placements if _may_go(each, placements, away)),
    ]


def blockers(placements: Collection[Placement], away: Collection[PeerKey]) -> list[Placement]:
    """Return what keeps a namespace that is being deleted from being gone.

    A proxy that is away serves nobody who could ask here, and is told when it comes back; a process that may still run
    is waited for.
    """
    return [each for each in placements if each.key.peer.kind is Kind.LAUNCHER or each.key.peer not in away]


def _may_go(placement: Placement, placements: Collection[Placement], away: Collection[PeerKey]) -> bool:
    if placement.wanted:
        return False
    kind = placement.key.peer.kind
    if any(not each.acknowledged for each in placements if each.wanted and each.key.peer.kind is kind):
        return False
    if kind is Kind.PROXY:
        return True
    return not any(
        not each.wanted and each.key.peer.kind is Kind.PROXY and each.key.peer not in away for each in placements
    )
