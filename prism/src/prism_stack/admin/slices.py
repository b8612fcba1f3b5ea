"""Changes about thousands of namespaces, made a few at a time: nobody waits long for the ledger meanwhile.

Whoever asks for them has made true before what they follow from (a range, a peer's end), so that each slice is decided
anew from the ledger, and what a crash leaves undone is found again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from prism_stack.admin.changes import Change
from prism_stack.admin.errors import StoreFailed
from prism_stack.admin.ledger import Ledger
from prism_stack.admin.model import Namespace, Placement

SLICE = 64
"""Namespaces at one go: some 10 ms of the ledger, of which half is the disk's."""
BREATH_SECONDS = 0.001
"""Long enough for those who wait for the lock to take it; a lock that is taken again at once passes them over."""

Step = Callable[[Sequence[str]], list[Change]]
"""Returns what is to be changed about some namespaces, by the ledger as it is now; it is called under the lock."""


class Slices:
    """Makes changes in slices, each followed by a nudge."""

    def __init__(
        self,
        ledger: Ledger,
        nudge: Callable[[Iterable[str]], None],
        breathe: Callable[[float], None] = time.sleep,
    ) -> None:
        self._ledger = ledger
        self._nudge = nudge
        self._breathe = breathe

    def commit(self, names: Iterable[str], step: Step) -> set[str]:
        """Return the namespaces that were changed; raise `StoreFailed` at the first slice that cannot be saved."""
        return self._each(names, step, self._ledger.commit)

    def record(self, names: Iterable[str], step: Step) -> set[str]:
        """Return the namespaces that were changed; what cannot be saved now is true all the same, and saved later."""
        is_writable = True

        def write(changes: Sequence[Change]) -> None:
            nonlocal is_writable
            self._ledger.record(changes)
            if is_writable:
                try:
                    self._ledger.flush()
                except StoreFailed:
                    # Each further try would be to write more in vain; whoever flushes next tells of it.
                    is_writable = False

        return self._each(names, step, write)

    def _each(self, names: Iterable[str], step: Step, write: Callable[[Sequence[Change]], None]) -> set[str]:
        changed: set[str] = set()
        for some in _sliced(names):
            with self._ledger.lock:
                # Changes of one kind stand together, which is how the store writes many of them fast.
                changes = sorted(step(some), key=lambda change: isinstance(change.row, Placement))
                if changes:
                    write(changes)
            if changes:
                changed |= {change.row.name for change in changes if isinstance(change.row, Namespace)}
                self._nudge(some)
                self._breathe(BREATH_SECONDS)
        return changed


def _sliced(names: Iterable[str]) -> Iterator[tuple[str, ...]]:
    rest = iter(names)
    while some := tuple(islice(rest, SLICE)):
        yield some
