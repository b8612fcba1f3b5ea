"""Partitions: the laws of dividing them among proxies."""

import zlib
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from prism_stack.admin.partitions import (
    PARTITIONS,
    Range,
    TooManyProxies,
    divide,
    moved,
    owner_of,
    owners,
    partition_of,
)

ids = st.text("abcdefgh0123456789-", min_size=1, max_size=4)
proxies = st.sets(ids, min_size=1, max_size=PARTITIONS)


@given(st.text())
def test_a_namespaces_partition_is_the_crc_of_its_name(name: str) -> None:
    """As the contract has it, for every text."""
    assert partition_of(name) == zlib.crc32(name.encode("utf-8")) % 256


def test_the_partition_of_a_known_name_stands() -> None:
    """CRC-32 of the check string is 0xCBF43926 by the standard: 0x26 is 38."""
    assert partition_of("123456789") == 0x26


@given(proxies)
def test_every_partition_has_one_proxy(among: set[str]) -> None:
    """Ranges are contiguous, in the order of the ids, and cover all 256."""
    spans = [divide(among)[proxy] for proxy in sorted(among)]

    assert spans[0].start == 0
    assert spans[-1].end == PARTITIONS - 1
    assert all(left.end + 1 == right.start for left, right in pairwise(spans))


@given(proxies)
def test_ranges_are_equal_but_for_one_partition(among: set[str]) -> None:
    """None is empty, and none is larger than another by more than one."""
    sizes = {len(span) for span in divide(among).values()}

    assert min(sizes) >= 1
    assert max(sizes) - min(sizes) <= 1


@given(proxies, st.integers(0, PARTITIONS - 1))
def test_the_owner_of_a_partition_is_who_has_it_in_its_range(among: set[str], partition: int) -> None:
    """Both ways of asking agree."""
    ranges = divide(among)
    owner = owner_of(partition, ranges)

    assert owner is not None
    assert ranges[owner].start <= partition <= ranges[owner].end
    assert owners(ranges)[partition] == owner


@given(proxies, proxies)
def test_what_moves_is_what_has_another_owner(before: set[str], after: set[str]) -> None:
    """Nothing that stays is counted, and nothing that moves is missed."""
    old, new = divide(before), divide(after)

    assert moved(old, new) == {n for n in range(PARTITIONS) if owner_of(n, old) != owner_of(n, new)}
    assert moved(old, old) == frozenset()


def test_without_proxies_nobody_owns_anything() -> None:
    """No range, no owner, nothing to divide."""
    assert divide([]) == {}
    assert owner_of(0, {}) is None


def test_a_proxy_more_than_partitions_is_refused() -> None:
    """It would have no partition."""
    with pytest.raises(TooManyProxies, match="257 proxies"):
        divide(str(number) for number in range(257))


def test_a_range_counts_both_ends() -> None:
    """From the first to the last."""
    assert len(Range(3, 3)) == 1
