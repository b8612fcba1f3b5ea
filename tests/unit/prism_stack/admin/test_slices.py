"""Many changes, a few at a time: others come between, and what cannot be saved now is not lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from threading import Thread

import pytest
from tests.unit.prism_stack.admin.conftest import FakeStore, namespace_of

from prism_stack.admin.changes import Change, Put
from prism_stack.admin.errors import StoreFailed
from prism_stack.admin.ledger import Ledger
from prism_stack.admin.slices import SLICE, Slices

NAMES = [f"n{number}" for number in range(3 * SLICE)]


@dataclass
class Slicing:
    """A ledger with many namespaces, and what happened while they were changed."""

    ledger: Ledger
    nudged: list[list[str]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    between: Callable[[], None] = lambda: None

    def slices(self) -> Slices:
        """Return what is tested."""
        return Slices(self.ledger, self.nudge, lambda _: self.between())

    def nudge(self, names: Iterable[str]) -> None:
        """Take note of a nudge."""
        self.nudged.append(list(names))

    def raise_versions(self, names: Sequence[str]) -> list[Change]:
        """Change every namespace that was not changed before."""
        self.sizes.append(len(names))
        found = (self.ledger.namespaces[name] for name in names)
        return [Put(replace(each, version=2)) for each in found if each.version == 1]


@pytest.fixture
def slicing(filled: Callable[..., Ledger]) -> Slicing:
    """Namespaces of version 1."""
    return Slicing(filled(*map(namespace_of, NAMES)))


def test_each_slice_is_decided_anew_saved_and_told(slicing: Slicing, store: FakeStore) -> None:
    """In order; what was changed is returned."""
    before = len(store.saved)
    changed = slicing.slices().commit(NAMES, slicing.raise_versions)

    assert changed == set(NAMES)
    assert slicing.sizes == [SLICE] * 3
    assert [name for names in slicing.nudged for name in names] == NAMES
    assert len(store.saved) == before + len(NAMES)


def test_others_have_the_ledger_between_two_slices(slicing: Slicing) -> None:
    """They find it whole: some namespaces changed, the others not yet."""
    seen: list[int] = []

    def look() -> None:
        other = Thread(target=look_from_another_thread)
        other.start()
        other.join()

    def look_from_another_thread() -> None:
        with slicing.ledger.lock:
            seen.append(sum(each.version == 2 for each in slicing.ledger.namespaces.values()))

    slicing.between = look
    slicing.slices().commit(NAMES, slicing.raise_versions)

    assert seen == [SLICE, 2 * SLICE, 3 * SLICE]


def test_what_changed_between_two_slices_is_left_alone(slicing: Slicing) -> None:
    """Nobody's work is done twice, and nothing is nudged for it."""
    slicing.between = lambda: slicing.ledger.commit(slicing.raise_versions(NAMES))
    changed = slicing.slices().commit(NAMES, slicing.raise_versions)

    assert changed == set(NAMES[:SLICE])
    assert slicing.nudged == [NAMES[:SLICE]]


def test_a_slice_that_cannot_be_saved_is_refused_and_the_ones_before_stay(slicing: Slicing, store: FakeStore) -> None:
    """Going on later finds what is left."""

    def fill_disk() -> None:
        store.fails = True

    slicing.between = fill_disk
    with pytest.raises(StoreFailed):
        slicing.slices().commit(NAMES, slicing.raise_versions)
    store.fails = False
    slicing.between = lambda: None

    assert slicing.slices().commit(NAMES, slicing.raise_versions) == set(NAMES[SLICE:])


def test_facts_are_true_although_the_disk_is_full(slicing: Slicing, store: FakeStore) -> None:
    """They are saved as soon as there is room."""
    store.fails = True
    before = len(store.saved)
    changed = slicing.slices().record(NAMES, slicing.raise_versions)

    assert changed == set(NAMES)
    assert {each.version for each in slicing.ledger.namespaces.values()} == {2}
    assert len(store.saved) == before
    store.fails = False
    slicing.ledger.flush()
    assert len(store.saved) == before + len(NAMES)
