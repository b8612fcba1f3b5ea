"""How the words of a command line are read; each raises `ValueError` with what they must be."""

from __future__ import annotations

import re
from datetime import timedelta

from prism_stack.keyvalue import NAMESPACE_PATTERN

ADDRESS = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):(?P<port>[0-9]{1,5})")
HIGHEST_PORT = 65535
DURATION = re.compile(r"(?P<number>[0-9]{1,9})(?P<unit>|ms|s|m|h|d)")
UNITS = {
    "": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}


def address(word: str) -> str:
    """Read HOST:PORT of something that can be called."""
    found = ADDRESS.fullmatch(word)
    if not found or not 0 < int(found["port"]) <= HIGHEST_PORT:
        raise ValueError("is not HOST:PORT, such as 127.0.0.1:9090")
    return word


def duration(word: str) -> timedelta:
    """Read seconds, or a number with its unit."""
    found = DURATION.fullmatch(word)
    if not found:
        raise ValueError("is not a duration, such as 30 (seconds), 500ms, 5m, 1h or 7d")
    return int(found["number"]) * UNITS[found["unit"]]


def namespace(word: str) -> str:
    """Read the name of a namespace."""
    if not re.fullmatch(NAMESPACE_PATTERN, word):
        raise ValueError("is no name of a namespace: a-z, 0-9 and -, at most 63 of them, the first one no -")
    return word


def key(word: str) -> str:
    """Read a key; what is too long for one, the runner says."""
    try:
        word.encode()
    except UnicodeEncodeError:
        raise ValueError("is not UTF-8") from None
    if not word:
        raise ValueError("is empty, and a key is not")
    return word


def setting(word: str) -> tuple[str, str]:
    """Read NAME=VALUE."""
    name, equals, value = word.partition("=")
    if not name or not equals:
        raise ValueError("is not NAME=VALUE, such as max_keys=100")
    return name, value
