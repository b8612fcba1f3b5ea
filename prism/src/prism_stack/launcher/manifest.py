"""Patterns as folders: each has a manifest.toml that says which program runs and how.

name = "keyvalue"                      letters, digits, dots, dashes, underscores
version = "0.1.0"
executable = "keyvalue-runner"         a bare name is looked up; a path is relative to the folder
isolation = ["namespace", "none"]      the first is not special; each is allowed
arguments = []                         before the launcher's own
[probe]        timeout = "10s"         how long the handshake may take
[environment]  NAME = "value"
[limits]       open_files = 1024, memory = "512MiB"
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from prism_stack.control.fields import IDENTIFIER
from prism_stack.launcher.errors import BadManifest
from prism_stack.process.settings import positive_duration

Value = TypeVar("Value")

FILE = "manifest.toml"
DEFAULT_TIMEOUT = timedelta(seconds=10)
UNITS = {"": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Isolation(StrEnum):
    """Who shares a process."""

    NONE = "none"
    NAMESPACE = "namespace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a process may take at most; None for no limit."""

    open_files: int | None = None
    memory: int | None = None
    """Bytes of address space."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """One pattern, as its manifest has it."""

    name: str
    version: str
    executable: str
    folder: Path
    isolation: frozenset[Isolation]
    arguments: tuple[str, ...] = ()
    timeout: timedelta = DEFAULT_TIMEOUT
    environment: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = Limits()


def read_patterns(folders: Iterable[Path]) -> tuple[dict[str, Pattern], list[BadManifest]]:
    """Return the patterns by name, and what is wrong with those that cannot be used; these harm no others."""
    patterns: dict[str, Pattern] = {}
    problems: list[BadManifest] = []
    for path in (path for folder in folders for path in sorted(folder.glob(f"*/{FILE}"))):
        try:
            pattern = read_pattern(path)
            if pattern.name in patterns:
                raise BadManifest(path, "name", f"{patterns[pattern.name].folder} has {pattern.name} too")
            patterns[pattern.name] = pattern
        except BadManifest as problem:
            problems.append(problem)
    return patterns, problems


def read_pattern(path: Path) -> Pattern:
    """Read a manifest, or raise `BadManifest` with the first field that is wrong."""
    try:
        table = tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadManifest(path, "the file", str(error)) from error
    return _Manifest(path, table).pattern()


class _Manifest:
    """The fields of a file, each taken once."""

    def __init__(self, path: Path, table: dict[str, Any], prefix: str = "") -> None:
        self._path = path
        self._left = dict(table)
        self._prefix = prefix

    def pattern(self) -> Pattern:
        """Return what all fields say together."""
        probe, limits = self._table("probe"), self._table("limits")
        pattern = Pattern(
            name=self._take("name", _name),
            version=self._take("version", _text),
            executable=self._take("executable", _text),
            folder=self._path.parent,
            isolation=self._take("isolation", _isolation, [Isolation.NAMESPACE.value]),
            arguments=self._take("arguments", _texts, []),
            timeout=probe._take("timeout", _duration, "10s"),  # noqa: SLF001 - a table of the same file
            environment=self._take("environment", _environment, {}),
            limits=Limits(
                open_files=limits._take("open_files", _count, None),  # noqa: SLF001
                memory=limits._take("memory", _size, None),  # noqa: SLF001
            ),
        )
        for table in (self, probe, limits):
            table._finish()  # noqa: SLF001
        return pattern

    def _table(self, name: str) -> _Manifest:
        found = self._left.pop(name, {})
        if not isinstance(found, dict):
            raise BadManifest(self._path, name, "must be a table")
        return _Manifest(self._path, found, f"{name}.")

    def _take(self, name: str, read: Callable[[Any], Value], default: object = ...) -> Value:
        value = self._left.pop(name, default)
        if value is ...:
            raise BadManifest(self._path, f"{self._prefix}{name}", "is missing")
        try:
            return read(value)
        except ValueError as error:
            raise BadManifest(self._path, f"{self._prefix}{name}", str(error)) from error

    def _finish(self) -> None:
        for name in self._left:
            raise BadManifest(self._path, f"{self._prefix}{name}", "is unknown")


def _text(value: object) -> str:
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError("must be a text that is not empty")
    return value


def _name(value: object) -> str:
    if not IDENTIFIER.fullmatch(_text(value)):
        raise ValueError(f"must match {IDENTIFIER.pattern}")
    return _text(value)


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError("must be a list of texts")  # noqa: TRY004 - a wrong value of the file, not of the code
    return tuple(map(_text, value))


def _isolation(value: object) -> frozenset[Isolation]:
    words = [value] if isinstance(value, str) else list(_texts(value))
    allowed = [each.value for each in Isolation]
    if not words or set(words) - set(allowed):
        raise ValueError(f"must be of {', '.join(allowed)}")
    return frozenset(map(Isolation, words))


def _duration(value: object) -> timedelta:
    return positive_duration(_text(value))


def _environment(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ValueError("must be a table")  # noqa: TRY004 - as above
    for name, text in value.items():
        if not VARIABLE.fullmatch(name) or not isinstance(text, str) or "\0" in text:
            raise ValueError(f"{name} must be a variable's name, and its value a text")
    return dict(value)


def _count(value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError("must be a whole number above 0")
    return value


def _size(value: object) -> int | None:
    if value is None or isinstance(value, int):
        return _count(value)
    found = re.fullmatch(r"(\d{1,9})(|KiB|MiB|GiB)", _text(value), re.ASCII)
    if not found or not int(found[1]):
        raise ValueError("must be a number of bytes, such as 512MiB")
    return int(found[1]) * UNITS[found[2]]
