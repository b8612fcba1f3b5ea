"""Callers that call all the time, so that a test can say what they saw while something was done to the processes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event

from prism_stack.client import KeyValueClient
from prism_stack.errors import CallError
from prism_stack.keyvalue import DEFAULT_NAMESPACE

CALLERS = 8


@dataclass(slots=True)
class Load:
    """What the callers have seen."""

    acknowledged: list[str] = field(default_factory=list)
    """The keys whose Set succeeded; each holds itself, in UTF-8."""
    errors: list[CallError] = field(default_factory=list)
    slowest: float = 0.0
    """Seconds that the slowest call took."""

    def call(self, client: KeyValueClient, key: str) -> None:
        """Set a key once and note what came of it."""
        began = time.monotonic()
        try:
            client.set(key, key.encode())
        except CallError as error:
            self.errors.append(error)
        else:
            self.acknowledged.append(key)
        self.slowest = max(self.slowest, time.monotonic() - began)


@contextmanager
def load_on(
    address: str, *, namespace: str = DEFAULT_NAMESPACE, timeout: timedelta = timedelta(seconds=2)
) -> Iterator[Load]:
    """Keep callers setting keys, each its own, until the block ends."""
    load, enough = Load(), Event()

    def caller(number: int) -> None:
        count = 0
        while not enough.is_set():
            load.call(client, f"load/{number}/{count}")
            count += 1

    with KeyValueClient(address, namespace=namespace, timeout=timeout) as client, ThreadPoolExecutor(CALLERS) as pool:
        callers = [pool.submit(caller, number) for number in range(CALLERS)]
        try:
            yield load
        finally:
            enough.set()
            for each in callers:
                each.result()


def grows(values: list[str]) -> Callable[[], bool]:
    """Return a check that is true once more has come than there is now."""
    before = len(values)
    return lambda: len(values) > before
