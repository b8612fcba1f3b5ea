"""`prismctl proxy` and `prismctl launcher`: who is registered with the admin, and how it is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from prism_stack.ctl import output
from prism_stack.ctl.options import admin_option, json_option
from prism_stack.ctl.world import World

if TYPE_CHECKING:
    from prism.admin.admin_pb2 import LauncherInfo, ProxyInfo


@click.group()
def proxy() -> None:
    """List the proxies.

    Example: prismctl proxy list
    """


@proxy.command("list")
@admin_option
@json_option
@click.pass_obj
def list_proxies(world: World, *, admin: str | None, as_json: bool) -> None:
    """List the proxies: health, addresses, partitions and namespaces.

    Example: prismctl proxy list
    """
    with world.asking_admin(admin) as client:
        found = [proxy_row(each) for each in client.list_proxies()]
    output.say({"proxies": found}, proxy_listing(found, time.time()), as_json=as_json)


@click.group()
def launcher() -> None:
    """List the launchers.

    Example: prismctl launcher list
    """


@launcher.command("list")
@admin_option
@json_option
@click.pass_obj
def list_launchers(world: World, *, admin: str | None, as_json: bool) -> None:
    """List the launchers: health, address and processes.

    Example: prismctl launcher list
    """
    with world.asking_admin(admin) as client:
        found = [launcher_row(each) for each in client.list_launchers()]
    output.say({"launchers": found}, launcher_listing(found, time.time()), as_json=as_json)


def proxy_row(told: ProxyInfo) -> dict[str, object]:
    """Return what is told of a proxy."""
    return {
        "proxy_id": told.proxy_id,
        "status": told.status,
        "address": told.address,
        "control_address": told.control_address,
        "partition_ranges": [{"start": each.start, "end": each.end} for each in told.partition_ranges],
        "namespaces": told.namespaces,
        "last_heartbeat_millis": told.last_heartbeat_millis,
        "version": told.version,
    }


def launcher_row(told: LauncherInfo) -> dict[str, object]:
    """Return what is told of a launcher."""
    return {
        "launcher_id": told.launcher_id,
        "status": told.status,
        "address": told.address,
        "processes": told.processes,
        "max_processes": told.max_processes,
        "last_heartbeat_millis": told.last_heartbeat_millis,
        "version": told.version,
    }


def proxy_listing(found: list[dict[str, object]], now: float) -> str:
    """Return proxies as a table."""
    if not found:
        return "no proxies are registered"
    rows = [
        (
            *_texts(each, "proxy_id", "status", "address", "control_address"),
            _ranges(each["partition_ranges"]),
            *_texts(each, "namespaces"),
            heard(each, now),
        )
        for each in found
    ]
    return output.table(("PROXY", "STATUS", "DATA", "CONTROL", "PARTITIONS", "NAMESPACES", "HEARD"), rows)


def launcher_listing(found: list[dict[str, object]], now: float) -> str:
    """Return launchers as a table."""
    if not found:
        return "no launchers are registered"
    rows = [
        (
            *_texts(each, "launcher_id", "status", "address"),
            f"{each['processes']} of {each['max_processes'] or 'any'}",
            heard(each, now),
        )
        for each in found
    ]
    return output.table(("LAUNCHER", "STATUS", "ADDRESS", "PROCESSES", "HEARD"), rows)


def heard(peer: dict[str, object], now: float) -> str:
    """Return how long ago a peer was heard of, by the admin's wall clock and ours: it is shown, and decides nothing."""
    millis = int(str(peer["last_heartbeat_millis"]))
    return f"{output.seconds(max(0.0, now - millis / 1000))} ago" if millis else "never"


def _texts(row: dict[str, object], *names: str) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in names)


def _ranges(told: object) -> str:
    spans = told if isinstance(told, list) else []
    return ",".join(f"{span['start']}-{span['end']}" for span in spans) or "-"
