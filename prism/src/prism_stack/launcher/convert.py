"""From messages to the launcher's own values: every field of a request is judged here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from prism.control_plane_pb2 import BackendConfig, ProcessAssignment
from prism.launcher import launcher_pb2 as wire
from prism_stack.control import fields
from prism_stack.control.agreements import PROXIES_SETTING
from prism_stack.control.refusals import Malformed
from prism_stack.launcher.errors import NotBuilt, Unknown
from prism_stack.launcher.manifest import Isolation, Pattern
from prism_stack.launcher.wish import Proxy, Wish, process_id

PATTERN = "pattern"
"""The type of process that this launcher has."""
STORE = "store"
"""The slot in which a pattern keeps its data."""
BACKEND, PORT, PROXIES = "backend", "port", "proxies"
"""The settings that are not the backend's own."""
OWN_PREFIX = "prism."
LONGEST_GRACE_SECONDS = 3600
ISOLATIONS = {
    wire.ISOLATION_LEVEL_UNSPECIFIED: Isolation.NAMESPACE,
    wire.ISOLATION_NAMESPACE: Isolation.NAMESPACE,
    wire.ISOLATION_NONE: Isolation.NONE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What is taken where a wish says nothing."""

    store: Mapping[str, Any] = field(default_factory=dict)
    """The configuration of a backend, empty for the runner's own."""
    proxies: tuple[Proxy, ...] = ()


# === wishes ===


def launch(message: wire.LaunchRequest, patterns: Mapping[str, Pattern], defaults: Defaults) -> Wish:
    """Read what a person wishes to be launched."""
    fields.check(message)
    pattern = _pattern("pattern_name", message.pattern_name, patterns)
    isolation = _isolation(message.isolation, pattern)
    if isolation is Isolation.NAMESPACE or message.namespace:
        fields.namespace("namespace", message.namespace)
    namespace = message.namespace if isolation is Isolation.NAMESPACE else ""
    settings = dict(message.config)
    port = _port("config[port]", settings.pop(PORT, "0"))
    named = settings.pop(PROXIES, None)
    return Wish(
        process_id=process_id(isolation, pattern.name, namespace),
        pattern=pattern.name,
        namespace=namespace,
        port=port,
        config=_config(settings.pop(BACKEND, ""), settings) or dict(defaults.store),
        proxies=defaults.proxies if named is None else read_proxies("config[proxies]", named),
        grace=grace("grace_period_secs", message.grace_period_secs),
    )


def assignment(message: ProcessAssignment, patterns: Mapping[str, Pattern], defaults: Defaults) -> Wish:
    """Read what the admin wishes to run."""
    fields.check(message)
    fields.word("process_type", message.process_type, (PATTERN,))
    if not message.version:
        raise Malformed("version", "is missing")
    _refuse_programs(message)
    told = message.config.pattern
    pattern = _pattern("config.pattern.pattern_type", told.pattern_type, patterns)
    isolation = Isolation(
        fields.word("config.pattern.isolation_level", told.isolation_level or "namespace", list(Isolation))
    )
    _allow(isolation, pattern, "config.pattern.isolation_level")
    namespace = fields.namespace("namespace", message.namespace) if isolation is Isolation.NAMESPACE else ""
    expected = process_id(isolation, pattern.name, namespace)
    if message.process_id != expected:
        raise Malformed("process_id", f"must be {expected}" if message.process_id else "is missing")
    settings = {name: value for name, value in told.settings.items() if not name.startswith(OWN_PREFIX)}
    port = _port("config.pattern.settings[port]", settings.pop(PORT, "") or str(message.config.port))
    return Wish(
        process_id=expected,
        pattern=pattern.name,
        namespace=namespace,
        port=port,
        config=_stored(told.slots, settings) or _with_settings(defaults.store, settings),
        proxies=read_proxies(f"config.pattern.settings[{PROXIES_SETTING}]", told.settings.get(PROXIES_SETTING, "")),
        version=message.version,
    )


def read_proxies(path: str, text: str) -> tuple[Proxy, ...]:
    """Read `id=host:port`, with commas between; an address alone is its own id."""
    proxies = []
    for word in filter(None, text.split(",")):
        name, equals, address = word.partition("=")
        if not equals:
            name, address = word, word
        else:
            fields.identifier(path, name)
        proxies.append(Proxy(id=name, address=fields.address(path, address)))
    if len({proxy.id for proxy in proxies}) < len(proxies):
        raise Malformed(path, "has a proxy twice")
    return tuple(proxies)


def grace(field_name: str, seconds: int) -> float | None:
    """Read a grace in seconds; None for 0, which says nothing."""
    return float(fields.at_most(field_name, seconds, LONGEST_GRACE_SECONDS)) or None


def known_id(field_name: str, text: str) -> str:
    """Allow what could be a process id."""
    if not text:
        raise Malformed(field_name, "is missing")
    kind, _, rest = text.partition(":")
    if kind not in {"ns", "shared", "session"} or not rest:
        raise Malformed(field_name, "must be shared:PATTERN, ns:NAMESPACE:PATTERN or session:SESSION:PATTERN")
    return text


def listed_state(number: int) -> int:
    """Allow a state to filter by; 0 is none."""
    if number not in wire.ProcessState.values():
        raise Malformed("state", f"{number} is no state of a process")
    return number


# === within ===


def _pattern(path: str, name: str, patterns: Mapping[str, Pattern]) -> Pattern:
    found = patterns.get(fields.identifier(path, name))
    if found is None:
        raise Unknown("pattern", name)
    return found


def _isolation(number: int, pattern: Pattern) -> Isolation:
    if number == wire.ISOLATION_SESSION:
        raise NotBuilt("isolation: a process for each session is not built yet; use namespace or none")
    if number not in ISOLATIONS:
        raise Malformed("isolation", f"{number} is no isolation")
    return _allow(ISOLATIONS[wire.IsolationLevel.ValueType(number)], pattern, "isolation")


def _allow(isolation: Isolation, pattern: Pattern, path: str) -> Isolation:
    if isolation not in pattern.isolation:
        allowed = ", ".join(sorted(pattern.isolation))
        raise Malformed(path, f"pattern {pattern.name} allows {allowed}, not {isolation}")
    return isolation


def _port(path: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or int(text[:6]) > fields.HIGHEST_PORT:
        raise Malformed(path, f"must be a port from 0 to {fields.HIGHEST_PORT}")
    return int(text)


def _refuse_programs(message: ProcessAssignment) -> None:
    """What runs is what a manifest says: a message can start no program of its own."""
    given = {field.name for field, _ in message.config.ListFields()}
    for name in ("binary", "args", "env", "health_port", "log_level"):
        if name in given:
            raise Malformed(f"config.{name}", "is the manifest's to say")
    for name in ("proxy", "backend", "utility"):
        if name in given:
            raise Malformed(f"config.{name}", f"does not go with process_type {PATTERN}")


def _stored(slots: Mapping[str, BackendConfig], settings: Mapping[str, str]) -> dict[str, Any]:
    """Return the configuration that the slot of the data asks for, or an empty one."""
    if not slots:
        return {}
    if len(slots) > 1 and STORE not in slots:
        raise Malformed("config.pattern.slots", f"has several, and none is called {STORE}")
    name = STORE if STORE in slots else next(iter(slots))
    slot = slots[name]
    if not slot.backend_type:
        raise Malformed(f"config.pattern.slots[{name}].backend_type", "is missing")
    url = {"url": slot.connection_string} if slot.connection_string else {}
    return _config(slot.backend_type, {**url, **slot.credentials, **slot.options, **settings})


def _config(backend: str, settings: Mapping[str, str]) -> dict[str, Any]:
    named = {"backend": backend} if backend else {}
    return {**named, "backend_config": dict(settings)} if settings else named


def _with_settings(store: Mapping[str, Any], settings: Mapping[str, str]) -> dict[str, Any]:
    merged = {**store.get("backend_config", {}), **settings}
    return {**store, "backend_config": merged} if merged else dict(store)
