"""Keys from the command line: bytes in and out as they are, and an exit code that says whether the key was there."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.unit.prism_stack.ctl.conftest import ADMIN, PROXY, failed

from prism_stack.keyvalue import Lasting

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.prism_stack.ctl.conftest import FakeWorld, Type

NOT_TEXT = b"\x00\xff\n"


def test_a_value_comes_back_with_nothing_added(prismctl: Type) -> None:
    """What `set` was given as an argument, `get` prints, without a line end."""
    assert prismctl("kv", "set", "k", "v").code == 0
    done = prismctl("kv", "get", "k")

    assert (done.code, done.raw, done.err) == (0, b"v", "")


def test_a_value_may_come_from_a_file(prismctl: Type, tmp_path: Path, fakes: FakeWorld) -> None:
    """Any bytes, line ends too."""
    (tmp_path / "value").write_bytes(NOT_TEXT)
    prismctl("kv", "set", "k", "--file", str(tmp_path / "value"))

    assert fakes.keys().get("k") == NOT_TEXT


@pytest.mark.parametrize("words", [("-",), ("-f", "-")], ids=" ".join)
def test_a_value_may_come_from_standard_input(prismctl: Type, fakes: FakeWorld, words: tuple[str, ...]) -> None:
    """As the argument, or as the file, that is called `-`."""
    prismctl("kv", "set", "k", *words, stdin=NOT_TEXT)

    assert fakes.keys().get("k") == NOT_TEXT


def test_an_argument_is_taken_byte_by_byte(prismctl: Type, fakes: FakeWorld) -> None:
    """What a shell hands over need not be UTF-8."""
    prismctl("kv", "set", "k", b"\xff".decode(errors="surrogateescape"))

    assert fakes.keys().get("k") == b"\xff"


@pytest.mark.parametrize("words", [(), ("v", "-f", "-")], ids=["none", "two"])
def test_a_value_comes_from_one_place(prismctl: Type, words: tuple[str, ...]) -> None:
    """None, and more than one, are told with the three ways that there are."""
    done = prismctl("kv", "set", "k", *words)

    assert done.code == 64
    assert "as VALUE, by --file FILE, or as - for standard input" in done.err


def test_a_value_may_go_into_a_file(prismctl: Type, fakes: FakeWorld, tmp_path: Path) -> None:
    """Then nothing is printed."""
    fakes.keys().set("k", NOT_TEXT)
    done = prismctl("kv", "get", "k", "--output", str(tmp_path / "value"))

    assert (tmp_path / "value").read_bytes() == NOT_TEXT
    assert done.raw == b""


@pytest.mark.parametrize("command", ["get", "exists", "ttl"])
@pytest.mark.parametrize("form", [(), ("--json",)], ids=["text", "json"])
def test_a_missing_key_is_one_line_and_exit_code_1(prismctl: Type, command: str, form: tuple[str, ...]) -> None:
    """Nothing is on stdout, in either form."""
    done = prismctl("kv", command, "k", *form)

    assert (done.code, done.raw) == (1, b"")
    assert done.err == "prismctl: there is no key 'k' in namespace default\n"


def test_an_expiry_of_a_missing_key_is_exit_code_1(prismctl: Type) -> None:
    """As is one that is not there to be cleared."""
    assert prismctl("kv", "expire", "k", "30").code == 1
    assert "has no expiry, or is not there" in prismctl("kv", "persist", "k").err


def test_a_key_expires_when_it_was_told_to(prismctl: Type, fakes: FakeWorld) -> None:
    """`expire` sets it, `ttl` tells it in seconds, `persist` clears it."""
    fakes.keys().set("k", b"v")

    assert prismctl("kv", "expire", "k", "1h").code == 0
    assert prismctl("kv", "ttl", "k").out == "3600\n"
    assert prismctl("kv", "persist", "k").code == 0
    assert prismctl("kv", "ttl", "k").out == "never\n"
    assert fakes.keys().get_ttl("k") is Lasting.FOREVER


def test_deleting_is_no_matter_of_being_there(prismctl: Type, fakes: FakeWorld) -> None:
    """A key goes; one that is not there is no error."""
    fakes.keys().set("k", b"v")

    assert prismctl("kv", "exists", "k").out == "true\n"
    assert prismctl("kv", "delete", "k").code == 0
    assert prismctl("kv", "delete", "k").code == 0
    assert fakes.keys().get("k") is None


DOCUMENTS: dict[tuple[str, ...], dict[str, object]] = {
    ("set", "k", "v"): {"bytes": 1},
    ("get", "k"): {"bytes": 3, "value": None, "value_base64": base64.b64encode(NOT_TEXT).decode()},
    ("exists", "k"): {"exists": True},
    ("ttl", "k"): {"ttl_seconds": None},
    ("expire", "k", "30"): {},
    ("delete", "k"): {},
}


@pytest.mark.parametrize("words", DOCUMENTS, ids=" ".join)
def test_a_document_names_the_key_and_what_was_found(prismctl: Type, fakes: FakeWorld, words: tuple[str, ...]) -> None:
    """The names stay; a value that is no text is there in base64 alone."""
    fakes.keys().set("k", NOT_TEXT)

    assert prismctl("kv", *words, "--json").document == {"namespace": "default", "key": "k", **DOCUMENTS[words]}


def test_a_namespace_is_named_by_option_or_variable(
    prismctl: Type, fakes: FakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The option wins."""
    for name in ("orders", "users"):
        fakes.control.create_namespace(name)
    prismctl("kv", "set", "-n", "orders", "k", "v")
    monkeypatch.setenv("PRISM_NAMESPACE", "orders")

    assert prismctl("kv", "get", "k").raw == b"v"
    assert prismctl("kv", "get", "--namespace", "users", "k").code == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("get", ""), "'' is empty"),
        (("get", b"\xff".decode(errors="surrogateescape")), "is not UTF-8"),
        (("get", "k", "-n", "Orders"), "'Orders' is no name of a namespace"),
        (("expire", "k", "soon"), "'soon' is not a duration"),
        (("expire", "k", "-1"), "-1"),
        (("get", "k", "--proxy", "here"), "'here' is not HOST:PORT"),
        (("get", "k", "--admin", "here:0"), "'here:0' is not HOST:PORT"),
        (("set", "k", "-f", "/nowhere"), "/nowhere"),
        (("get",), "KEY"),
    ],
)
def test_bad_words_are_a_usage_error_in_one_line(
    prismctl: Type, fakes: FakeWorld, words: tuple[str, ...], said: str
) -> None:
    """It says what was wrong and where the help is, and nobody is asked."""
    done = prismctl("kv", *words)

    assert done.code == 64
    assert said in done.err
    assert done.err.endswith(f"; see: prismctl kv {words[0]} --help\n")
    assert done.err.count("\n") == 1
    assert not fakes.asked


def test_the_proxy_that_serves_the_namespace_is_asked(prismctl: Type, fakes: FakeWorld) -> None:
    """The admin tells which one that is."""
    prismctl("kv", "get", "k")

    assert fakes.asked == [ADMIN, PROXY]


def test_a_refusal_says_what_to_do(prismctl: Type, fakes: FakeWorld) -> None:
    """A namespace that is full is exit code 1, and one line."""
    fakes.failure = failed("Set", "OK", "capacity limit reached: 3 keys")
    done = prismctl("kv", "set", "k", "v")

    assert done.code == 1
    assert "capacity limit reached: 3 keys; delete some keys" in done.err


def test_a_namespace_whose_runner_is_away_is_told_so(prismctl: Type, fakes: FakeWorld) -> None:
    """The proxy is there, so the advice is not to start one."""
    fakes.failure = failed("Get", "UNAVAILABLE", "not connected:\n no runner")
    done = prismctl("kv", "get", "k")

    assert done.code == 69
    assert done.err.endswith("not connected: no runner; see: prismctl namespace list, prismctl pattern list\n")


def test_a_duration_without_a_unit_is_seconds(prismctl: Type, fakes: FakeWorld) -> None:
    """As the wire has it."""
    fakes.keys().set("k", b"v")
    prismctl("kv", "expire", "k", "30")

    assert fakes.keys().get_ttl("k") == timedelta(seconds=30)
