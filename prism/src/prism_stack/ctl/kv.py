"""`prismctl kv`: the keys of a namespace."""

from __future__ import annotations

import base64
import functools
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from prism_stack.ctl import output, words
from prism_stack.ctl.options import Command, admin_option, json_option, keys_of_option, proxy_option, read_by
from prism_stack.ctl.route import route
from prism_stack.ctl.world import World
from prism_stack.errors import EXIT_NO, PrismError
from prism_stack.keyvalue import Lasting

if TYPE_CHECKING:
    from prism_stack.client import KeyValueClient

STDIN = "-"


class KeyMissing(PrismError):
    """There is no such key."""

    exit_code = EXIT_NO

    def __init__(self, key: str, namespace: str) -> None:
        super().__init__(f"there is no key {key!r} in namespace {namespace}")
        self.key = key
        self.namespace = namespace


class NoExpiry(PrismError):
    """The key has no expiry that could be cleared."""

    exit_code = EXIT_NO

    def __init__(self, key: str, namespace: str) -> None:
        super().__init__(f"key {key!r} in namespace {namespace} has no expiry, or is not there")
        self.key = key
        self.namespace = namespace


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """One key, and how to come to it."""

    world: World
    key: str
    namespace: str
    proxy: str | None
    admin: str | None
    as_json: bool

    @contextmanager
    def client(self) -> Iterator[KeyValueClient]:
        """Give a client of the proxy that serves the namespace."""
        endpoints = route(self.world, self.namespace, proxy=self.proxy, admin=self.admin)
        addresses = [endpoint.address for endpoint in endpoints]
        with self.world.keyvalue(addresses, self.namespace) as client, self.world.telling_away(*endpoints):
            yield client

    def say(self, text: str = "", **found: object) -> None:
        """Print what was found out; without a text, people are told nothing."""
        if text or self.as_json:
            output.say({"namespace": self.namespace, "key": self.key, **found}, text, as_json=self.as_json)

    def missing(self) -> KeyMissing:
        """Return the error that the key is not there."""
        return KeyMissing(self.key, self.namespace)


def keyed(command: Command) -> Command:
    """Give a command a key and the options by which it is found, as one `Keyed`."""

    @click.argument("key", callback=read_by(words.key))
    @keys_of_option
    @proxy_option
    @admin_option
    @json_option
    @functools.wraps(command)
    def run(**given: Any) -> None:  # noqa: ANN401 - as click read them
        found = {name: given.pop(name) for name in ("key", "namespace", "proxy", "admin", "as_json")}
        command(Keyed(world=click.get_current_context().obj, **found), **given)

    return run


@click.group()
def kv() -> None:
    """Set, get and delete keys, and let them expire.

    Example: prismctl kv set -n orders k v
    """


@kv.command("set")
@keyed
@click.argument("value", required=False)
@click.option("-f", "--file", type=click.File("rb"), help="Take the value from a file; - is standard input.")
def set_value(where: Keyed, *, value: str | None, file: BinaryIO | None) -> None:
    """Store VALUE, a file or, with - as VALUE, standard input; what was there, and its expiry, go.

    Example: prismctl kv set -n orders k v
    """
    data = read_value(value, file)
    with where.client() as client:
        client.set(where.key, data)
    where.say(bytes=len(data))


def read_value(value: str | None, file: BinaryIO | None) -> bytes:
    """Return the bytes of a value, from the one place that was named."""
    if (value is None) == (file is None):
        raise click.UsageError("give the value once: as VALUE, by --file FILE, or as - for standard input")
    source = sys.stdin.buffer if value == STDIN else file
    if source is not None:
        return source.read()
    # As the shell gave it, whatever bytes those are.
    return os.fsencode(value or "")


@kv.command("get")
@keyed
@click.option("-o", "--output", "into", type=click.Path(dir_okay=False, path_type=Path), help="Write it to a file.")
def get_value(where: Keyed, *, into: Path | None) -> None:
    """Print the value as it is, with no line end added; exit 1 if there is no such key.

    Example: prismctl kv get -n orders k
    """
    with where.client() as client:
        value = client.get(where.key)
    if value is None:
        raise where.missing()
    if into:
        _write(into, value)
    if where.as_json:
        where.say(bytes=len(value), value=as_text(value), value_base64=base64.b64encode(value).decode())
    elif not into:
        click.echo(value, nl=False)


def as_text(value: bytes) -> str | None:
    """Return a value as text, or None where it is none."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


def _write(path: Path, value: bytes) -> None:
    try:
        path.write_bytes(value)
    except OSError as error:
        raise click.UsageError(f"{path}: {error.strerror}") from error


@kv.command("delete")
@keyed
def delete_key(where: Keyed) -> None:
    """Remove a key; one that is not there is no error.

    Example: prismctl kv delete -n orders k
    """
    with where.client() as client:
        client.delete(where.key)
    where.say()


@kv.command("exists")
@keyed
def key_exists(where: Keyed) -> None:
    """Print true if the key is there; exit 1 if it is not.

    Example: prismctl kv exists -n orders k
    """
    with where.client() as client:
        found = client.exists(where.key)
    if not found:
        raise where.missing()
    where.say("true", exists=True)


@kv.command()
@keyed
def ttl(where: Keyed) -> None:
    """Print the seconds until the key expires, or never; exit 1 if there is no such key.

    Example: prismctl kv ttl -n orders k
    """
    with where.client() as client:
        remaining = client.get_ttl(where.key)
    if remaining is Lasting.MISSING:
        raise where.missing()
    left = int(remaining.total_seconds()) if isinstance(remaining, timedelta) else None
    where.say("never" if left is None else str(left), ttl_seconds=left)


@kv.command()
@keyed
@click.argument("after", callback=read_by(words.duration))
def expire(where: Keyed, *, after: timedelta) -> None:
    """Let the key vanish after so many seconds (or 500ms, 5m, 1h, 7d); exit 1 if there is no such key.

    Example: prismctl kv expire -n orders k 1h
    """
    with where.client() as client:
        found = client.expire(where.key, after)
    if not found:
        raise where.missing()
    where.say()


@kv.command()
@keyed
def persist(where: Keyed) -> None:
    """Clear the key's expiry; exit 1 if it has none.

    Example: prismctl kv persist -n orders k
    """
    with where.client() as client:
        cleared = client.persist(where.key)
    if not cleared:
        raise NoExpiry(where.key, where.namespace)
    where.say()
