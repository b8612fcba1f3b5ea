"""Endpoints filled into commands and variables."""

import pytest
from hypothesis import given, strategies as st

from ziggurat.errors import SpecError, UnknownName
from ziggurat.spec import Endpoint, Service
from ziggurat.template import fill, lookup, names_in, needs_scratch, references

ADDRESSES = {
    "web": {"http": Endpoint("127.0.0.1", 80), "v6": Endpoint("::1", 81)},
    "proxy": {"data": Endpoint("127.0.0.1", 90), "web": Endpoint("127.0.0.1", 91)},
}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{http}", "127.0.0.1:80"),
        ("{http.port}", "80"),
        ("{http.host}", "127.0.0.1"),
        ("{v6}", "[::1]:81"),
        ("{v6.host}", "::1"),
        ("{proxy.data}", "127.0.0.1:90"),
        ("{proxy.data.port}", "90"),
        ("{web.http}", "127.0.0.1:80"),
        ("--at={http.host}:{http.port}/", "--at=127.0.0.1:80/"),
        ('{{"port": {http.port}}}', '{"port": 80}'),
        ("", ""),
    ],
)
def test_a_name_in_braces_stands_for_an_endpoint_or_a_part_of_it(text: str, filled: str) -> None:
    """A service's own by itself, another's after that service's name."""
    assert fill(text, "web", ADDRESSES) == filled


def test_a_service_of_the_name_goes_before_an_endpoint_of_the_name() -> None:
    """``web.http`` in a service that has an endpoint called web is the service web's."""
    assert fill("{web.http}", "proxy", ADDRESSES) == "127.0.0.1:80"


def test_an_endpoint_that_is_called_like_a_service_is_reached_alone() -> None:
    """A name without a dot is always the service's own."""
    assert fill("{web}", "proxy", ADDRESSES) == "127.0.0.1:91"


@given(st.text())
def test_doubled_braces_stand_for_themselves(text: str) -> None:
    """Any text survives when its braces are doubled."""
    assert fill(text.replace("{", "{{").replace("}", "}}"), "web", ADDRESSES) == text


@pytest.mark.parametrize("name", ["nothing", "nothing.port", "proxy.nothing", "proxy.data.color", "a.b.c.d"])
def test_what_nobody_declared_is_an_error(name: str) -> None:
    """A misspelt name never becomes an empty word."""
    with pytest.raises(UnknownName):
        fill(f"{{{name}}}", "web", ADDRESSES)


@pytest.mark.parametrize("text", ["{", "}", "{http", "{http!r}", "{http:>9}", "{}"])
def test_braces_that_do_not_fit_are_an_error(text: str) -> None:
    """Neither Python's conversions nor its formats belong to the language."""
    with pytest.raises(SpecError):
        list(names_in(text))


def test_references_are_the_endpoints_of_command_and_variables() -> None:
    """By service and endpoint, each once, whatever the part."""
    service = Service(
        name="web",
        command=("serve", "{http.host}", "{http.port}", "plain"),
        env={"PROXY": "{proxy.data}", "BRACES": "{{x}}"},
    )

    assert references(service, frozenset(ADDRESSES)) == {("web", "http"), ("proxy", "data")}


def test_lookup_names_what_there_is() -> None:
    """The error carries the endpoints that were declared."""
    with pytest.raises(UnknownName) as caught:
        lookup(ADDRESSES, "web", "grpc")

    assert caught.value.known == ("http", "v6")


def test_scratch_stands_for_the_folder_of_the_service_and_refers_to_no_endpoint() -> None:
    """Only a service that names it needs one."""
    service = Service(name="web", command=("serve", "{scratch}/state.db"))

    assert fill("{scratch}/state.db", "web", ADDRESSES, scratch="/run/web") == "/run/web/state.db"
    assert references(service, frozenset({"web"})) == set()
    assert needs_scratch(service)
    assert not needs_scratch(Service(name="web", command=("serve",)))
