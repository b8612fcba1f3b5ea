"""Which proxy serves which namespace: 256 partitions, in equal contiguous ranges over the proxies sorted by id."""

from __future__ import annotations

import bisect
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

PARTITIONS = 256


@dataclass(frozen=True, slots=True, order=True)
class Range:
    """Partitions from the first to the last, both included."""

    start: int
    end: int

    def __len__(self) -> int:
        """Return how many partitions it holds."""
        return self.end - self.start + 1


class TooManyProxies(ValueError):
    """There would be proxies without a partition."""

    def __init__(self, proxies: int) -> None:
        super().__init__(f"{proxies} proxies: at most {PARTITIONS} can share {PARTITIONS} partitions")
        self.proxies = proxies


Ranges = Mapping[str, Range]
"""By proxy id; empty, or covering every partition once."""


def partition_of(namespace: str) -> int:
    """Return the partition that a namespace belongs to."""
    return zlib.crc32(namespace.encode()) % PARTITIONS


def divide(proxies: Iterable[str]) -> dict[str, Range]:
    """Return each proxy's range; sizes differ by one at most. Raises `TooManyProxies`."""
    ids = sorted(set(proxies))
    if len(ids) > PARTITIONS:
        raise TooManyProxies(len(ids))
    return {
        proxy: Range(index * PARTITIONS // len(ids), (index + 1) * PARTITIONS // len(ids) - 1)
        for index, proxy in enumerate(ids)
    }


def owner_of(partition: int, ranges: Ranges) -> str | None:
    """Return the proxy that serves a partition, or None where there is no proxy at all."""
    ordered = sorted((span.start, proxy) for proxy, span in ranges.items())
    index = bisect.bisect_right(ordered, partition, key=lambda entry: entry[0]) - 1
    return ordered[index][1] if index >= 0 else None


def owners(ranges: Ranges) -> list[str | None]:
    """Return the proxy of every partition, by its number."""
    found: list[str | None] = [None] * PARTITIONS
    for proxy, span in ranges.items():
        found[span.start : span.end + 1] = [proxy] * len(span)
    return found


def moved(before: Ranges, after: Ranges) -> frozenset[int]:
    """Return the partitions that another proxy serves after a change."""
    pairs = zip(owners(before), owners(after), strict=True)
    return frozenset(number for number, (old, new) in enumerate(pairs) if old != new)
