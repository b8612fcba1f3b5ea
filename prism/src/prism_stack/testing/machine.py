"""The contract of `KeyValue` as a hypothesis state machine: what a dictionary would answer, it answers."""

from collections.abc import Callable
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from prism_stack.keyvalue import ItemResult, KeyValue, Lasting, Remaining

# Few, so that calls meet each other's keys.
keys = st.sampled_from(("a", "b", "ab", " ", "\n", "ключ", "🔑", "a\x00b"))
values = st.binary(max_size=64)
# So long that on a real clock no key vanishes during a run.
ttls = st.integers(min_value=3_600, max_value=36_000).map(lambda seconds: timedelta(seconds=seconds))

TOLERANCE = timedelta(seconds=60)
"""By how much a time to live may have shrunk since it was given, on a real clock."""


class KeyValueMachine(RuleBasedStateMachine):
    """Makes random calls on a `KeyValue` and on a dictionary, and compares what both answer.

    A subclass says what is tried: `keyvalue`, and `advance` where time is a fake.
    """

    keyvalue: KeyValue
    advance: Callable[[timedelta], None] | None = None
    prefix = ""

    def __init__(self) -> None:
        super().__init__()
        self.now = timedelta()
        self.values: dict[str, bytes] = {}
        self.expiries: dict[str, timedelta] = {}

    @rule(name=keys, value=values)
    def set(self, name: str, value: bytes) -> None:
        """A value is stored without expiry."""
        self.keyvalue.set(self.prefix + name, value)
        self._put(name, value)

    @rule(name=keys)
    def get(self, name: str) -> None:
        """What was stored last is found."""
        assert self.keyvalue.get(self.prefix + name) == self.values.get(name)

    @rule(name=keys)
    def exists(self, name: str) -> None:
        """A key is there if its value is."""
        assert self.keyvalue.exists(self.prefix + name) == (name in self.values)

    @rule(name=keys)
    def delete(self, name: str) -> None:
        """A key is removed whether it is there or not."""
        self.keyvalue.delete(self.prefix + name)
        self._drop(name)

    @rule(name=keys, ttl=ttls)
    def expire(self, name: str, ttl: timedelta) -> None:
        """An expiry is given to a key that is there."""
        assert self.keyvalue.expire(self.prefix + name, ttl) == (name in self.values)
        if name in self.values:
            self.expiries[name] = self.now + ttl

    @rule(name=keys)
    def expire_at_once(self, name: str) -> None:
        """A time to live of nothing removes the key."""
        assert self.keyvalue.expire(self.prefix + name, timedelta()) == (name in self.values)
        self._drop(name)

    @rule(name=keys)
    def persist(self, name: str) -> None:
        """An expiry is taken away, if there is one."""
        assert self.keyvalue.persist(self.prefix + name) == (name in self.expiries)
        self.expiries.pop(name, None)

    @rule(name=keys)
    def get_ttl(self, name: str) -> None:
        """The time left is told, or that there is none to tell."""
        assert self._agrees(name, self.keyvalue.get_ttl(self.prefix + name))

    @rule(items=st.lists(st.tuples(keys, values), max_size=5))
    def batch_set(self, items: list[tuple[str, bytes]]) -> None:
        """Items are stored in order, so of two with one key the later one stays."""
        results = self.keyvalue.batch_set([(self.prefix + name, value) for name, value in items])
        assert results == (ItemResult(),) * len(items)
        for name, value in items:
            self._put(name, value)

    @rule(names=st.lists(keys, max_size=5))
    def batch_get(self, names: list[str]) -> None:
        """Values stand where their keys stood."""
        found = self.keyvalue.batch_get([self.prefix + name for name in names])
        assert found == tuple(map(self.values.get, names))

    @rule(names=st.lists(keys, max_size=5))
    def batch_delete(self, names: list[str]) -> None:
        """Keys are removed whether they are there or not."""
        results = self.keyvalue.batch_delete([self.prefix + name for name in names])
        assert results == (ItemResult(),) * len(names)
        for name in names:
            self._drop(name)

    @precondition(lambda machine: machine.advance is not None)
    @rule(by=ttls)
    def pass_time(self, by: timedelta) -> None:
        """Keys vanish when their time has come, and not before."""
        assert self.advance is not None
        self.advance(by)
        self.now += by
        for name in [name for name, expiry in self.expiries.items() if expiry <= self.now]:
            self._drop(name)

    def _put(self, name: str, value: bytes) -> None:
        self.values[name] = value
        self.expiries.pop(name, None)

    def _drop(self, name: str) -> None:
        self.values.pop(name, None)
        self.expiries.pop(name, None)

    def _agrees(self, name: str, told: Remaining) -> bool:
        if name not in self.expiries:
            return told is (Lasting.FOREVER if name in self.values else Lasting.MISSING)
        left = self.expiries[name] - self.now
        if self.advance is not None:
            return told == left
        return isinstance(told, timedelta) and left - TOLERANCE < told <= left

    def teardown(self) -> None:
        """Leave nothing behind."""
        self.keyvalue.batch_delete([self.prefix + name for name in self.values])
