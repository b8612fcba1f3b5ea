"""Namespaces from the command line."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.unit.prism_stack.ctl.conftest import failed

from prism.admin.admin_pb2 import NamespaceInfo
from prism.control_plane_pb2 import BackendConfig, NamespaceConfig, PatternConfig

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.prism_stack.ctl.conftest import FakeWorld, Type

SECRET = "s3cret"  # noqa: S105 - it opens nothing
SECRET_URL = f"redis://user:{SECRET}@db.example:6379/0"


def test_a_namespace_is_created_with_its_settings(prismctl: Type, fakes: FakeWorld) -> None:
    """Where nothing is said of a backend, the launcher's own is taken."""
    done = prismctl("namespace", "create", "orders", "--set", "max_keys=5", "--set", "port=0")
    asked = fakes.control.asked("create_namespace")

    assert done.out == "namespace orders is created: partition 17, served by proxy-1\n"
    assert asked["settings"] == {"max_keys": "5", "port": "0"}
    assert (asked["pattern"], asked["backend"]) == ("keyvalue", None)


def test_the_document_of_a_creation_says_where_it_is(prismctl: Type) -> None:
    """Its partition, and its proxy."""
    done = prismctl("namespace", "create", "orders", "--json")

    assert done.document == {"namespace": "orders", "partition_id": 17, "proxy_id": "proxy-1"}


def test_the_scheme_of_a_url_says_which_backend_it_is_of(prismctl: Type, fakes: FakeWorld) -> None:
    """A backend that is named wins."""
    prismctl("namespace", "create", "a", "--url", "redis://here:1")
    assert fakes.control.asked("create_namespace")["backend"].backend_type == "redis"

    prismctl("namespace", "create", "b", "--backend", "valkey", "--url", "redis://here:1")
    assert fakes.control.asked("create_namespace")["backend"].backend_type == "valkey"


def test_secrets_come_by_variable(prismctl: Type, fakes: FakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """A URL with a password, which is not for the command line."""
    monkeypatch.setenv("PRISM_BACKEND_URL", SECRET_URL)
    done = prismctl("namespace", "create", "orders")

    assert fakes.control.asked("create_namespace")["backend"].connection_string == SECRET_URL
    assert SECRET not in done.out + done.err


def test_secrets_come_by_file(prismctl: Type, fakes: FakeWorld, tmp_path: Path) -> None:
    """A URL, and credentials as NAME=VALUE lines."""
    (tmp_path / "url").write_text(f"{SECRET_URL}\n")
    (tmp_path / "credentials").write_text(f"# the cache's\n\npassword={SECRET}=\n")
    files = ("--url-file", str(tmp_path / "url"), "--credentials-file", str(tmp_path / "credentials"))
    done = prismctl("namespace", "create", "orders", *files)
    backend = fakes.control.asked("create_namespace")["backend"]

    assert (backend.connection_string, dict(backend.credentials)) == (SECRET_URL, {"password": f"{SECRET}="})
    assert SECRET not in done.out + done.err


TYPED = {
    "url": ("--url", SECRET_URL),
    "setting": ("--set", f"password={SECRET}"),
    "url as a setting": ("--set", f"mirror={SECRET_URL}"),
}


@pytest.mark.parametrize("case", TYPED)
def test_a_secret_that_was_typed_is_refused_and_not_repeated(prismctl: Type, fakes: FakeWorld, case: str) -> None:
    """Everybody may read command lines; the error says how else."""
    done = prismctl("namespace", "create", "orders", *TYPED[case])

    assert done.code == 64
    assert "there for all to read; give " in done.err
    assert SECRET not in done.err
    assert not fakes.asked


BAD = {
    "no scheme": (("--url", "here:1"), "must begin with a scheme"),
    "no kind": (("--url", "pg://here:1"), "--backend is missing"),
    "no pair": (("--set", "max_keys"), "'max_keys' is not NAME=VALUE"),
    "no file": (("--url-file", "/nowhere"), "/nowhere"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_wish_is_a_usage_error(prismctl: Type, fakes: FakeWorld, case: str) -> None:
    """Told before anybody is asked."""
    words, said = BAD[case]
    done = prismctl("namespace", "create", "orders", *words)

    assert done.code == 64
    assert said in done.err
    assert not fakes.asked


@pytest.mark.parametrize("text", ["", "redis://a:1\nredis://b:1\n"], ids=["empty", "two lines"])
def test_a_url_file_holds_one_url(prismctl: Type, tmp_path: Path, text: str) -> None:
    """Anything else is told with the file's name."""
    (tmp_path / "url").write_text(text)

    assert "must hold a URL" in prismctl("namespace", "create", "x", "--url-file", str(tmp_path / "url")).err


def test_a_line_that_is_no_credential_is_told_by_its_number_alone(prismctl: Type, tmp_path: Path) -> None:
    """What it holds may be half of a secret."""
    (tmp_path / "credentials").write_text(f"user=me\n{SECRET}\n")
    done = prismctl("namespace", "create", "x", "--credentials-file", str(tmp_path / "credentials"))

    assert "line 2: must be NAME=VALUE" in done.err
    assert SECRET not in done.err


def test_namespaces_are_listed_with_the_reasons_below(prismctl: Type, fakes: FakeWorld) -> None:
    """One line each, and one for what is wrong with it."""
    fakes.control.namespaces["orders"] = NamespaceInfo(namespace="orders", status="failed", reason="it\nfailed")
    lines = prismctl("namespace", "list").out.splitlines()

    assert [line.split() for line in lines[:3]] == [
        ["NAMESPACE", "STATUS", "PROXY", "LAUNCHER", "PROCESS"],
        ["default", "active", "proxy-1", "launcher-1", "ns:default:keyvalue"],
        ["orders", "failed", "-", "-", "-"],
    ]
    assert lines[3] == "! orders: it\N{REPLACEMENT CHARACTER}failed"


def test_no_namespaces_are_told_with_how_to_create_one(prismctl: Type, fakes: FakeWorld) -> None:
    """Not an empty table; in JSON an empty list."""
    fakes.control.namespaces = {}

    assert "prismctl namespace create NAME" in prismctl("namespace", "list").out
    assert prismctl("namespace", "list", "--json").document == {"namespaces": []}


def test_the_fields_of_a_namespace_stay(prismctl: Type) -> None:
    """Programs rely on them."""
    found = prismctl("namespace", "list", "--json").document["namespaces"]

    assert found == [
        {
            "namespace": "default",
            "status": "active",
            "reason": "",
            "partition_id": 9,
            "proxy_id": "proxy-1",
            "launcher_id": "launcher-1",
            "process_id": "ns:default:keyvalue",
            "version": 1,
            "created_at_millis": 0,
        }
    ]


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["text", "json"])
def test_what_is_shown_of_a_namespace_has_no_secret(prismctl: Type, fakes: FakeWorld, form: tuple[str, ...]) -> None:
    """Not even where the admin left one: its URL, its credentials, its options, its settings."""
    backend = BackendConfig(
        backend_type="redis",
        connection_string=SECRET_URL,
        credentials={"user": SECRET},
        options={"auth_token": SECRET, "pool": "8"},
    )
    pattern = PatternConfig(pattern_name="keyvalue", settings={"max_keys": "5", "password": SECRET})
    fakes.control.namespaces["default"].config.CopyFrom(
        NamespaceConfig(backends={"store": backend}, patterns={"keyvalue": pattern})
    )
    done = prismctl("namespace", "show", "default", *form)

    assert done.code == 0
    assert SECRET not in done.out
    assert "redis://user:redacted@db.example:6379/0" in done.out
    assert "max_keys" in done.out


def test_a_deletion_says_how_many_keys_went(prismctl: Type, fakes: FakeWorld) -> None:
    """When it is done."""
    fakes.control.create_namespace("orders")
    done = prismctl("namespace", "delete", "orders", "--grace", "2s")

    assert done.out == "namespace orders is deleted, and 3 keys with it\n"
    assert fakes.control.asked("delete_namespace")["grace"] == timedelta(seconds=2)


def test_the_document_of_a_deletion_counts_the_keys(prismctl: Type) -> None:
    """By the name that the wire has."""
    assert prismctl("namespace", "delete", "default", "--json").document == {"namespace": "default", "keys_removed": 3}


ENDINGS = {
    ("create", "CreateNamespace", "ALREADY_EXISTS"): (1, "prismctl namespace delete"),
    ("create", "CreateNamespace", "FAILED_PRECONDITION"): (64, "prismctl launcher list"),
    ("create", "CreateNamespace", "DEADLINE_EXCEEDED"): (69, "prismctl proxy list"),
    ("show", "GetNamespace", "NOT_FOUND"): (1, "prismctl namespace list"),
    ("delete", "DeleteNamespace", "NOT_FOUND"): (1, "prismctl namespace list"),
}


@pytest.mark.parametrize("ending", ENDINGS, ids="-".join)
def test_an_error_of_the_admin_says_what_to_do(prismctl: Type, fakes: FakeWorld, ending: tuple[str, str, str]) -> None:
    """In the same line, and with the exit code of its kind."""
    command, method, status = ending
    code, advice = ENDINGS[ending]
    fakes.control.failure = failed(method, status)
    done = prismctl("namespace", command, "orders")

    assert done.code == code
    assert advice in done.err
    assert done.err.count("\n") == 1
