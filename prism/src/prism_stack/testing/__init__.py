"""What tests of programs over Prism need: a fake of the data layer, its clock, the contract as a machine, and load."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prism_stack.testing.clock import FakeClock
    from prism_stack.testing.fake import FakeKeyValue
    from prism_stack.testing.load import Load, grows, load_on
    from prism_stack.testing.machine import KeyValueMachine
    from prism_stack.testing.store import FakeStore

__all__ = ["FakeClock", "FakeKeyValue", "FakeStore", "KeyValueMachine", "Load", "grows", "load_on"]

_HOMES = {
    "FakeClock": "clock",
    "FakeKeyValue": "fake",
    "FakeStore": "store",
    "KeyValueMachine": "machine",
    "Load": "load",
    "grows": "load",
    "load_on": "load",
}


def __getattr__(name: str) -> object:
    # The machine needs hypothesis, which users of the fake may not have.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
