"""Whether the fields of a message make sense: what holds for every field here, and the rules that several share.

A rule returns the value that it allows, or raises `Malformed` with the path of the field.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import timedelta

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from prism_stack.control.refusals import Malformed

LONGEST_TEXT = 4096
LONGEST_ID = 128
HIGHEST_PORT = 65535
IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
NAMESPACE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]")
MILLISECOND = timedelta(milliseconds=1)


def check(message: Message, path: str = "", *, but: str = "") -> None:
    """Check what holds for every field: no negative number, no text too long, nothing twice in a list.

    The caller judges the field called `but` itself.
    """
    for field, value in message.ListFields():
        if field.name != but:
            _check_field(field, value, f"{path}{field.name}")


def identifier(field: str, value: str) -> str:
    """Allow an id: a letter or digit, then also dots, dashes and underscores."""
    if not value:
        raise Malformed(field, "is missing")
    if len(value) > LONGEST_ID or not IDENTIFIER.fullmatch(value):
        raise Malformed(field, f"must match {IDENTIFIER.pattern}, in at most {LONGEST_ID} characters")
    return value


def namespace(field: str, value: str) -> str:
    """Allow the name of a namespace."""
    if not value:
        raise Malformed(field, "is missing")
    if not NAMESPACE.fullmatch(value):
        raise Malformed(field, f"must match {NAMESPACE.pattern}")
    return value


def map_key(field: str, key: str) -> str:
    """Allow a key of a map: a text that is not empty."""
    _check_text(f"{field} key", key)
    if not key:
        raise Malformed(field, "has an empty key")
    return key


def address(field: str, value: str) -> str:
    """Allow HOST:PORT, of something that can be called."""
    if not value:
        raise Malformed(field, "is missing")
    host, _, port = value.rpartition(":")
    if not HOST.fullmatch(host) or not (port.isascii() and port.isdecimal()) or not 0 < int(port[:6]) <= HIGHEST_PORT:
        raise Malformed(field, "must be HOST:PORT")
    return value


def word(field: str, value: str, allowed: Collection[str]) -> str:
    """Allow one of the words of the contract."""
    if value not in allowed:
        raise Malformed(field, f"must be one of {', '.join(allowed)}")
    return value


def at_most(field: str, value: int, most: int) -> int:
    """Allow a number up to a bound."""
    if value > most:
        raise Malformed(field, f"must be at most {most}")
    return value


def millis(field: str, value: str, *, most: timedelta) -> timedelta:
    """Allow a text that is a positive number of milliseconds."""
    if not re.fullmatch(r"[0-9]{1,9}", value) or not 0 < int(value) <= most // MILLISECOND:
        raise Malformed(field, f"must be a number of milliseconds from 1 to {most // MILLISECOND}")
    return int(value) * MILLISECOND


def _check_field(field: FieldDescriptor, value: object, path: str) -> None:
    if isinstance(value, Mapping):
        for key in value:
            map_key(path, str(key))
            _check_value(value[key], f"{path}[{key}]")
    elif field.is_repeated and isinstance(value, Collection):
        for index, item in enumerate(value):
            _check_value(item, f"{path}[{index}]")
            if item == "":
                raise Malformed(f"{path}[{index}]", "is empty")
        _check_duplicates(path, value)
    else:
        _check_value(value, path)


def _check_value(value: object, path: str) -> None:
    if isinstance(value, Message):
        check(value, f"{path}.")
    elif isinstance(value, str):
        _check_text(path, value)
    elif isinstance(value, int | float) and (value < 0 or math.isnan(value) or math.isinf(value)):
        raise Malformed(path, "must be a number that is not negative")


def is_text(value: str) -> bool:
    """Say whether a text is allowed anywhere: not too long, and printable."""
    return len(value) <= LONGEST_TEXT and value.isprintable()


def _check_text(path: str, value: str) -> None:
    if len(value) > LONGEST_TEXT:
        raise Malformed(path[:LONGEST_ID], f"is longer than {LONGEST_TEXT} characters")
    if not value.isprintable():
        raise Malformed(ascii(path)[1:-1][:LONGEST_ID], "has a character that cannot be printed")


def _check_duplicates(path: str, value: Collection[object]) -> None:
    twice = [item for item, count in Counter(item for item in value if isinstance(item, str)).items() if count > 1]
    if twice:
        raise Malformed(path, f"has {twice[0]} twice")
