"""`prismctl namespace`: the key spaces, each with a runner and a proxy of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from prism_stack import redact
from prism_stack.ctl import output, secret, words
from prism_stack.ctl.options import admin_option, duration_option, json_option, read_by
from prism_stack.ctl.world import World

if TYPE_CHECKING:
    from prism.admin.admin_pb2 import NamespaceInfo
    from prism.control_plane_pb2 import BackendConfig, NamespaceConfig

DELETION_TIMEOUT = timedelta(seconds=65)
"""More than the admin's own patience with a deletion."""
MILLISECOND = timedelta(milliseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SCHEMES = {"redis": "redis", "rediss": "redis", "memstore": "memstore"}
"""Which backend a URL is of."""

name_argument = click.argument("name", callback=read_by(words.namespace))


@click.group()
def namespace() -> None:
    """Create, list, show and delete namespaces.

    Example: prismctl namespace create orders
    """


# === create ===


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """Where a namespace keeps its data, as it was asked for."""

    kind: str = ""
    url: str = field(default="", repr=False)
    credentials: dict[str, str] = field(default_factory=dict, repr=False)


@namespace.command()
@name_argument
@click.option("--backend", default="", metavar="KIND", help="Where the data is kept: memstore, redis.")
@click.option(
    "--url",
    default="",
    envvar="PRISM_BACKEND_URL",
    show_envvar=True,
    callback=secret.refuse_typed_secret,
    help="The backend's address; one with a password by the variable or a file.",
)
@secret.file_option("--url-file", "A file that holds the backend's address.")
@secret.file_option("--credentials-file", "A file of NAME=VALUE lines for the backend.")
@secret.settings_option(
    "A setting of the runner, such as max_keys=100; repeat it for more.", secrets_by="--credentials-file"
)
@click.option("--pattern", default="keyvalue", show_default=True, help="What the namespace runs.")
@admin_option
@json_option
@click.pass_obj
def create(  # noqa: PLR0913 - as many as there are options
    world: World,
    *,
    name: str,
    backend: str,
    url: str,
    url_file: Path | None,
    credentials_file: Path | None,
    settings: tuple[tuple[str, str], ...],
    pattern: str,
    admin: str | None,
    as_json: bool,
) -> None:
    """Create a namespace; return when it can be used. One that is there already as asked for stays as it is.

    Example: prismctl namespace create orders --set max_keys=100000
    """
    wanted = backend_of(
        backend,
        secret.read_url(url_file) if url_file else url,
        secret.read_values(credentials_file),
    )
    with world.asking_admin(admin) as client:
        made = client.create_namespace(name, settings=dict(settings), backend=_message(wanted), pattern=pattern)
    document = {"namespace": name, "partition_id": made.assigned_partition, "proxy_id": made.assigned_proxy}
    text = f"namespace {name} is created: partition {made.assigned_partition}, served by {made.assigned_proxy}"
    output.say(document, text, as_json=as_json)


def backend_of(kind: str, url: str, credentials: dict[str, str]) -> Backend:
    """Return the backend that was asked for; its URL says which it is where nobody else does."""
    scheme, separator, _ = url.partition("://")
    if url and not separator:
        raise click.UsageError("the backend's URL must begin with a scheme, such as redis://")
    kind = kind or SCHEMES.get(scheme, "")
    if (url or credentials) and not kind:
        raise click.UsageError("--backend is missing: a URL or credentials are a backend's")
    return Backend(kind=kind, url=url, credentials=credentials)


def _message(backend: Backend) -> BackendConfig | None:
    if not backend.kind:
        return None
    from prism.control_plane_pb2 import BackendConfig

    return BackendConfig(backend_type=backend.kind, connection_string=backend.url, credentials=backend.credentials)


# === list, show ===


@namespace.command("list")
@admin_option
@json_option
@click.pass_obj
def list_namespaces(world: World, *, admin: str | None, as_json: bool) -> None:
    """List the namespaces, with who serves each and how it is.

    Example: prismctl namespace list
    """
    with world.asking_admin(admin) as client:
        found = [summary(each) for each in client.list_namespaces()]
    output.say({"namespaces": found}, listing(found), as_json=as_json)


@namespace.command()
@name_argument
@admin_option
@json_option
@click.pass_obj
def show(world: World, *, name: str, admin: str | None, as_json: bool) -> None:
    """Show one namespace, its secrets redacted.

    Example: prismctl namespace show orders
    """
    with world.asking_admin(admin) as client:
        found = client.get_namespace(name)
    document = {**summary(found), "config": config(found.config)}
    output.say(document, sheet(document), as_json=as_json)


def summary(found: NamespaceInfo) -> dict[str, object]:
    """Return what is told of every namespace."""
    return {
        "namespace": found.namespace,
        "status": found.status,
        "reason": found.reason,
        "partition_id": found.partition_id,
        "proxy_id": found.proxy_id,
        "launcher_id": found.launcher_id,
        "process_id": found.process_id,
        "version": found.version,
        "created_at_millis": found.created_at_millis,
    }


def config(told: NamespaceConfig) -> dict[str, object]:
    """Return a configuration without what is secret in it, whatever the admin left there."""
    return {
        "patterns": {
            name: {"pattern_name": each.pattern_name, "settings": redact.values(each.settings)}
            for name, each in sorted(told.patterns.items())
        },
        "backends": {
            name: {
                "backend_type": each.backend_type,
                "connection_string": redact.url(each.connection_string),
                "credentials": dict.fromkeys(sorted(each.credentials), redact.REDACTED),
                "options": redact.values(each.options),
            }
            for name, each in sorted(told.backends.items())
        },
    }


def listing(found: list[dict[str, object]]) -> str:
    """Return namespaces as a table, with the reasons of those that are not well below it."""
    if not found:
        return "no namespaces; create one with: prismctl namespace create NAME"
    columns = ("namespace", "status", "proxy_id", "launcher_id", "process_id")
    rows = [tuple(str(each[name] or "-") for name in columns) for each in found]
    notes = [f"{each['namespace']}: {each['reason']}" for each in found if each["reason"]]
    return output.table(("NAMESPACE", "STATUS", "PROXY", "LAUNCHER", "PROCESS"), rows, notes)


def sheet(document: dict[str, object]) -> str:
    """Return one namespace as lines of name and value."""
    told = {name: str(value) for name, value in document.items() if name not in {"config", "created_at_millis"}}
    created = EPOCH + int(str(document["created_at_millis"])) * MILLISECOND
    told["created"] = created.isoformat(sep=" ", timespec="seconds")
    return output.facts({**told, **dict(_flat("", document["config"]))})


def _flat(path: str, value: object) -> list[tuple[str, str]]:
    if not isinstance(value, dict):
        return [(path, str(value))]
    return [pair for name, each in value.items() for pair in _flat(f"{path}.{name}".lstrip("."), each)]


# === delete ===


@namespace.command()
@name_argument
@duration_option("--grace", "0", "How long calls in flight may take to end; 0 for each part's own.")
@admin_option
@json_option
@click.pass_obj
def delete(world: World, *, name: str, grace: timedelta, admin: str | None, as_json: bool) -> None:
    """Delete a namespace with its keys; return when its routes, its runner and its keys are gone.

    Example: prismctl namespace delete orders
    """
    with world.asking_admin(admin, DELETION_TIMEOUT) as client:
        removed = client.delete_namespace(name, grace=grace)
    keys = "1 key" if removed == 1 else f"{removed} keys"
    text = f"namespace {name} is deleted, and {keys} with it"
    output.say({"namespace": name, "keys_removed": removed}, text, as_json=as_json)
