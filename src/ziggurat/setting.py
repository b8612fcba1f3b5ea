"""Settings that name a Python object: ``module:name``."""

from __future__ import annotations

from importlib import import_module
from typing import TypeVar

from ziggurat.errors import SpecError

T = TypeVar("T")


def load(setting: str, place: str, kind: type[T]) -> T:
    """Return the object of this kind that a setting's ``module:name`` names, or that its function returns.

    Raises ``SpecError`` where there is none or it is of another kind; what the function raises is its own.
    """
    found = named(setting, place)
    if not isinstance(found, kind):
        raise wrong_kind(setting, place, kind, found)
    return found


def named(setting: str, place: str) -> object:
    """Return what a setting's ``module:name`` names, or what that returns where it is a function."""
    module, _, name = place.partition(":")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        message = f"{setting} = {place}: {error}"
        raise SpecError(message) from error
    return found() if callable(found) else found


def wrong_kind(setting: str, place: str, wanted: type, found: object) -> SpecError:
    """Return the error that names what a setting should have named and what it names."""
    return SpecError(f"{setting} = {place}: it is no {wanted.__name__} but {type(found).__name__}")
