"""Choosing who serves a namespace: pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from prism_stack.admin.model import Kind, Peer

PATTERN = "pattern"
"""The type of process that a namespace needs."""


class NoRoom(Exception):
    """Every launcher that is healthy has as many processes as it takes."""


def choose_launcher(launchers: Iterable[Peer], load: Mapping[str, int], needed: int) -> Peer | None:
    """Return the launcher with the smallest share of its room taken, or None where none is there.

    Raises `NoRoom` where there are some, all full.
    """
    fit = [each for each in launchers if not each.process_types or PATTERN in each.process_types]
    if not fit:
        return None
    roomy = [each for each in fit if not each.max_processes or load.get(each.key.id, 0) + needed <= each.max_processes]
    if not roomy:
        raise NoRoom
    return min(roomy, key=lambda each: (_share(each, load.get(each.key.id, 0)), load.get(each.key.id, 0), each.key.id))


def proxies_of(peers: Collection[Peer], first: str) -> str:
    """Return where a runner registers: every proxy that is not gone, the one that serves its namespace first.

    It registers with all, so that a namespace that moves finds its runner there already.
    """
    proxies = [each for each in peers if each.key.kind is Kind.PROXY and not each.gone]
    proxies.sort(key=lambda each: (each.key.id != first, each.key.id))
    return ",".join(f"{each.key.id}={each.control_address}" for each in proxies)


def _share(launcher: Peer, processes: int) -> float:
    return processes / launcher.max_processes if launcher.max_processes else 0.0
