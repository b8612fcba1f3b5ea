"""What a program was told: a flag wins over its variable, the variable over the default; all errors at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_address
from typing import TypeVar

from prism_stack import redact
from prism_stack.process.errors import BadConfiguration

Parsed = TypeVar("Parsed")

HIGHEST_PORT = 65535
UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
}
SWITCHES = ("help", "version", "json", "print-config")


class Source(StrEnum):
    """Where a value came from."""

    DEFAULT = "default"
    ENVIRONMENT = "environment"
    FLAG = "flag"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """An option as it was declared, with the text that it has and where that came from."""

    name: str
    help: str
    default: str
    text: str
    source: Source

    @property
    def variable(self) -> str:
        """The variable that gives the same value."""
        return variable(self.name)

    @property
    def shown(self) -> str:
        """The text without what nobody may read in it."""
        return redact.url(self.text)


class Options:
    """The options that were given; each is declared by taking it, and a bad one is kept for `finish` to tell."""

    def __init__(self, words: Iterable[str], environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._reasons: list[str] = []
        self._flags, self._switches = self._split(list(words))
        self.settings: list[Setting] = []

    def one(self, name: str, parse: Callable[[str], Parsed], default: str, about: str) -> Parsed:
        """Take an option; a bad value is noted, and the default stands in for it until `finish`."""
        setting = self._given(name, default, about)
        self.settings.append(setting)
        try:
            return parse(setting.text)
        except ValueError as error:
            label = setting.variable if setting.source is Source.ENVIRONMENT else f"--{name}"
            self._reasons.append(f'{label} "{setting.shown}" {error}')
            return parse(default)

    def asks(self, switch: str) -> bool:
        """Tell whether a switch, such as `version`, was given."""
        return switch in self._switches

    def finish(self) -> None:
        """Raise `BadConfiguration` with everything that was wrong."""
        reasons = [*self._reasons, *(f"--{name} is unknown" for name in self._flags)]
        if self.asks("json") and not self.asks("version"):
            reasons.append("--json goes with --version")
        if reasons:
            raise BadConfiguration(reasons)

    def _given(self, name: str, default: str, about: str) -> Setting:
        flags = self._flags.pop(name, [])
        from_environment = self._environ.get(variable(name), "")
        # A later flag replaces an earlier one, so that a wrapper can append its own.
        text, source = (
            (flags[-1], Source.FLAG)
            if flags
            else (from_environment, Source.ENVIRONMENT)
            if from_environment
            else (default, Source.DEFAULT)
        )
        return Setting(name=name, help=about, default=default, text=text, source=source)

    def _split(self, words: list[str]) -> tuple[dict[str, list[str]], set[str]]:
        flags: dict[str, list[str]] = {}
        switches = set()
        rest = iter(words)
        for word in rest:
            name, equals, value = word.removeprefix("--").partition("=")
            if not word.startswith("--"):
                self._reasons.append(f'"{word}" is no option')
            elif name in SWITCHES and not equals:
                switches.add(name)
            elif equals:
                flags.setdefault(name, []).append(value)
            elif (following := next(rest, None)) is None:
                self._reasons.append(f"--{name} lacks its value")
            else:
                flags.setdefault(name, []).append(following)
        return flags, switches


def variable(name: str) -> str:
    """Return the variable that means the same as a flag."""
    return f"PRISM_{name.upper().replace('-', '_')}"


def address(text: str) -> str:
    """Read HOST:PORT, the host a numeric address: a name may mean two."""
    host, _, port = text.rpartition(":")
    try:
        ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        raise ValueError("is not HOST:PORT with an address as host, such as 127.0.0.1:0") from None
    if not (port.isascii() and port.isdecimal()) or int(port) > HIGHEST_PORT:
        raise ValueError(f"needs a port from 0 to {HIGHEST_PORT}")
    return text


def duration(text: str) -> timedelta:
    """Read a number and its unit, such as 200ms."""
    found = re.fullmatch(r"(\d{1,9})(ms|s|m|h)", text, re.ASCII)
    if not found:
        raise ValueError("is not a duration, such as 200ms, 30s, 5m or 1h")
    return int(found[1]) * UNITS[found[2]]


def positive_duration(text: str) -> timedelta:
    """Read a duration longer than nothing."""
    value = duration(text)
    if not value:
        raise ValueError("must be longer than nothing")
    return value


def choice(*allowed: str) -> Callable[[str], str]:
    """Return what reads one of several words."""

    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"is none of {', '.join(allowed)}")
        return text

    return parse
