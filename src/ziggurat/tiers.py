"""Which tier a test is in, and what that tier allows: pure functions on paths and names."""

from __future__ import annotations

import enum
from pathlib import PurePath

from ziggurat.errors import SpecError


class Tier(enum.StrEnum):
    """A level of the pyramid, from the bottom."""

    UNIT = "unit"
    INTEGRATION = "integration"
    E2E = "e2e"


NETWORK = "the network"
PROCESSES = "processes"
ALLOWED: dict[Tier, frozenset[str]] = {
    Tier.UNIT: frozenset(),
    Tier.INTEGRATION: frozenset({NETWORK, PROCESSES}),
    Tier.E2E: frozenset({NETWORK, PROCESSES}),
}
ALL = "all"
DEFAULT_FOLDERS = ("unit=tests/unit", "integration=tests/integration", "e2e=tests/e2e", "all=tests/behaviour")


def parse_folders(lines: list[str]) -> dict[PurePath, frozenset[Tier]]:
    """Read lines of ``tier=folder``; the tests of a folder that has several lines stand in each of their tiers.

    ``all=folder`` is short for a line for every tier.

    Raises ``SpecError`` for a line that is neither.
    """
    folders: dict[PurePath, frozenset[Tier]] = {}
    for line in lines:
        name, sign, folder = line.partition("=")
        if not sign or name.strip() not in {ALL, *Tier}:
            message = f"ziggurat_tiers: {line!r} is not TIER=FOLDER with a tier of {', '.join([*Tier, ALL])}"
            raise SpecError(message)
        tiers = frozenset(Tier) if name.strip() == ALL else frozenset({Tier(name.strip())})
        place = PurePath(folder.strip())
        folders[place] = folders.get(place, frozenset()) | tiers
    return folders


def tiers_of(path: PurePath, folders: dict[PurePath, frozenset[Tier]]) -> frozenset[Tier]:
    """Return the tiers of a path below the root folder: those of its nearest declared folder; none elsewhere."""
    for folder in path.parents:
        if folder in folders:
            return folders[folder]
    return folders.get(path, frozenset())


def tiers_below(folder: PurePath, folders: dict[PurePath, frozenset[Tier]]) -> frozenset[Tier] | None:
    """Return all tiers that a folder's tests may be in, or None where any test below may be in no tier at all."""
    nearest = tiers_of(folder / "test", folders)
    below = (tiers for declared, tiers in folders.items() if folder in declared.parents)
    return nearest.union(*below) if nearest else None


def allowed_in(what: str) -> list[str]:
    """Return the names of the tiers that allow something, from the bottom up."""
    return [tier.value for tier in Tier if what in ALLOWED[tier]]
