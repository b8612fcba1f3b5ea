"""What prism-launcher is told."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import prism_stack
from prism_stack.control.fields import IDENTIFIER
from prism_stack.control.refusals import Malformed
from prism_stack.launcher.convert import Defaults, read_proxies
from prism_stack.launcher.policy import RestartPolicy
from prism_stack.launcher.supervisor import Rules
from prism_stack.launcher.wish import MEMSTORE, Proxy
from prism_stack.process.errors import BadConfiguration
from prism_stack.process.settings import Options, address, positive_duration

PATTERNS = Path(prism_stack.__file__).parent / "patterns"
MOST_PROCESSES = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that prism-launcher is told."""

    listen: str
    advertise: str
    """The host that others are told; empty for the one that is listened on."""
    host: str
    """What processes listen on."""
    launcher_id: str
    admin: str
    """Empty for none."""
    admin_heartbeat: timedelta
    patterns: tuple[Path, ...]
    programs: Path | None
    state: Path
    defaults: Defaults
    rules: Rules


def read(options: Options) -> Settings:
    """Take prism-launcher's own options."""
    first, longest = options.one("restart-backoff", span, "1s..30s", "First and longest pause before a restart")
    failures, window = options.one("breaker", breaker, "5/60s", "Failures in a time after which it stays failed")
    about_programs = "Folder in which programs are looked for before PATH"
    about_reset = "How long a run has to last for the failures before it to be forgotten"
    about_store = "Where namespaces are kept that name no backend: memstore or a redis:// URL"
    about_heartbeat = "How often the admin is to hear of this launcher"
    return Settings(
        listen=options.one("listen", address, "127.0.0.1:7070", "Where it serves, as HOST:PORT"),
        advertise=options.one("advertise", host_name, "", "The host that others are told"),
        host=options.one("process-host", host_address, "127.0.0.1", "The address that processes listen on"),
        launcher_id=options.one("launcher-id", identifier, "launcher-1", "Its name at the admin"),
        admin=options.one("admin", _optional_address, "", "The admin to register with"),
        admin_heartbeat=options.one("heartbeat-interval", positive_duration, "5s", about_heartbeat),
        patterns=options.one("patterns", folders, str(PATTERNS), "Folders of patterns, with colons between"),
        programs=options.one("programs", _optional_path, "", about_programs),
        state=options.one("state", Path, str(default_state()), "The file that it keeps its state in"),
        defaults=Defaults(
            store=options.one("store", store, MEMSTORE, about_store),
            proxies=options.one("proxies", proxies, "", "Proxies of what is launched by hand, as ID=HOST:PORT,…"),
        ),
        rules=Rules(
            restart=RestartPolicy(
                first=first,
                longest=longest,
                reset=options.one("restart-reset", positive_duration, "60s", about_reset),
                most_failures=failures,
                window=window,
            ),
            heartbeat=options.one(
                "process-heartbeat-interval", positive_duration, "5s", "How often a process is to be heard of"
            ),
            max_processes=options.one("max-processes", most_processes, "100", "How many processes there may be"),
        ),
    )


def default_state() -> Path:
    """Return the file in the user's folder for state (XDG)."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state"
    return Path(base) / "prism/launcher.json"


def reachable(bound: str, advertise: str) -> str:
    """Return the address that others are told; raise `BadConfiguration` for one that means every address."""
    host, _, port = bound.rpartition(":")
    if advertise:
        return f"{advertise}:{port}"
    if ip_address(host.strip("[]")).is_unspecified:
        raise BadConfiguration([f"--listen {bound} is no address that others could call: give --advertise HOST"])
    return bound


def process_advertise(host: str, advertise: str) -> str:
    """Return the host that processes tell others, empty for the one that they listen on.

    Raises `BadConfiguration` where that one means every address, and no other is known.
    """
    if not ip_address(host).is_unspecified:
        return ""
    if not advertise:
        raise BadConfiguration([f"--process-host {host} is no address that others could call: give --advertise HOST"])
    return advertise


def span(text: str) -> tuple[timedelta, timedelta]:
    """Read two durations, such as 1s..30s, the second not shorter."""
    first, dots, longest = text.partition("..")
    if not dots:
        raise ValueError("is not FIRST..LONGEST, such as 1s..30s")
    found = positive_duration(first), positive_duration(longest)
    if found[0] > found[1]:
        raise ValueError("begins with a longer pause than it ends with")
    return found


def breaker(text: str) -> tuple[int, timedelta]:
    """Read how many failures in which time, such as 5/60s."""
    count, slash, window = text.partition("/")
    if not slash or not re.fullmatch(r"[1-9]\d{0,3}", count, re.ASCII):
        raise ValueError("is not FAILURES/TIME, such as 5/60s")
    return int(count), positive_duration(window)


def store(text: str) -> dict[str, Any]:
    """Read where data is kept, as a process is told of it."""
    if text == MEMSTORE:
        return {}
    try:
        parts = urlsplit(text)
        is_fit = parts.scheme == "redis" and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_fit = False
    if not is_fit:
        raise ValueError("is neither memstore nor a URL such as redis://127.0.0.1:6379")
    return {"backend": "redis", "backend_config": {"url": text}}


def proxies(text: str) -> tuple[Proxy, ...]:
    """Read proxies to register with."""
    try:
        return read_proxies("proxies", text)
    except Malformed as malformed:
        raise ValueError(malformed.reason) from malformed


def identifier(text: str) -> str:
    """Read an id."""
    if not IDENTIFIER.fullmatch(text):
        raise ValueError(f"does not match {IDENTIFIER.pattern}")
    return text


def host_name(text: str) -> str:
    """Read a host, or nothing."""
    if text and not re.fullmatch(r"[A-Za-z0-9.\-]+|\[[0-9A-Fa-f:]+\]", text):
        raise ValueError("is no host")
    return text


def host_address(text: str) -> str:
    """Read a numeric address."""
    ip_address(text)
    return text


def folders(text: str) -> tuple[Path, ...]:
    """Read folders, each of which must be there."""
    found = tuple(map(Path, filter(None, text.split(os.pathsep))))
    for folder in found:
        if not folder.is_dir():
            raise ValueError(f"names no folder: {folder}")
    return found


def most_processes(text: str) -> int:
    """Read a number of processes."""
    if not re.fullmatch(r"[1-9]\d*", text, re.ASCII) or int(text[:9]) > MOST_PROCESSES:
        raise ValueError(f"is not a number from 1 to {MOST_PROCESSES}")
    return int(text)


def _optional_address(text: str) -> str:
    return address(text) if text else ""


def _optional_path(text: str) -> Path | None:
    return Path(text) if text else None
