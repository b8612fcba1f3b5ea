"""The control plane, client and command line of Prism, a data access layer.

Names load when they are first used, so that a program that needs the errors alone does not load gRPC.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prism_stack.client import KeyValueClient
    from prism_stack.errors import PrismError, UsageError, WorldError
    from prism_stack.keyvalue import ItemResult, KeyValue, Lasting, Remaining

__all__ = [
    "ItemResult",
    "KeyValue",
    "KeyValueClient",
    "Lasting",
    "PrismError",
    "Remaining",
    "UsageError",
    "WorldError",
]

_HOMES = {
    "ItemResult": "keyvalue",
    "KeyValue": "keyvalue",
    "KeyValueClient": "client",
    "Lasting": "keyvalue",
    "PrismError": "errors",
    "Remaining": "keyvalue",
    "UsageError": "errors",
    "WorldError": "errors",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
