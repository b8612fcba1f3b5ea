"""Makes a full stack whole once its parts are ready: peers known to the admin, the default namespace served."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from prism_stack.full_stack import ADMIN, LAUNCHER, Layout
from prism_stack.keyvalue import DEFAULT_NAMESPACE
from ziggurat import wait_until

if TYPE_CHECKING:
    from prism_stack.clients.admin import AdminClient
    from ziggurat import RunningService

REGISTERED_SECONDS = 10.0
"""A part registers within milliseconds of its being ready; past this it never will."""
CREATED_WITHIN = timedelta(seconds=10)


def serve_default(services: Mapping[str, RunningService], layout: Layout) -> None:
    """Wait until the launcher and every proxy are known to the admin, and create the default namespace.

    Raises ziggurat's `ConditionTimeout`, or the `CallError` that the admin answered.
    """
    from prism_stack.clients.admin import AdminClient

    proxies = frozenset(proxy.name for proxy in layout.proxies)
    with AdminClient(services[ADMIN].address("control"), timeout=CREATED_WITHIN) as admin:
        wait_until(
            lambda: all_registered(admin, proxies),
            seconds=REGISTERED_SECONDS,
            what=f"the admin to know {LAUNCHER} and proxies",
        )
        admin.create_namespace(DEFAULT_NAMESPACE, settings={"port": str(layout.runner)} if layout.runner else {})


def all_registered(admin: AdminClient, proxies: frozenset[str]) -> bool:
    """Say whether a launcher and each of these proxies is healthy in the eyes of the admin."""
    known = {proxy.proxy_id for proxy in admin.list_proxies() if proxy.status == "healthy"}
    return proxies <= known and any(launcher.status == "healthy" for launcher in admin.list_launchers())
