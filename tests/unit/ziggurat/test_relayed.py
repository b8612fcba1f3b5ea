"""A stack whose links are carried by a relay."""

from __future__ import annotations

import pytest

from ziggurat.errors import SpecError, UnknownName
from ziggurat.plan import dependencies
from ziggurat.relayed import RELAY, seen_by, with_relay
from ziggurat.spec import FREE, OUTSIDE, REPORTED, Endpoint, Link, Port, Service, Stack

WEB = Service(name="web", command=("web", "--db", "{db.sql}", "--log", "{db.log.port}"))
FROM_WEB, FROM_OUTSIDE = Link("web", "db.sql"), Link(OUTSIDE, "db.sql")


def stack(*links: Link, sql: Port = FREE) -> Stack:
    """Return a stack of two services with these links."""
    db = Service(name="db", command=("db", "{sql}"), ports={"sql": sql, "log": FREE})
    return Stack(name="shop", services=(WEB, db)).with_links(*links)


def test_a_stack_without_links_has_no_relay() -> None:
    """Nothing is in between that was not asked for."""
    assert with_relay(stack()) == stack()


def test_the_relay_is_ready_before_those_that_connect_through_it() -> None:
    """And waits for nobody itself: what it leads to may come later."""
    needs = dependencies(with_relay(stack(FROM_WEB)))

    assert needs == {"web": {RELAY}, "db": frozenset(), RELAY: frozenset()}


def test_the_relay_listens_for_each_link_and_knows_where_it_leads() -> None:
    """In the order of their numbers."""
    relay = with_relay(stack(FROM_WEB, FROM_OUTSIDE)).service(RELAY)

    assert relay.command[-5:] == ("{scratch}", "{1}", "{db.sql}", "{2}", "{db.sql}")
    assert list(relay.ports) == ["1", "2"]


def test_a_stack_gets_one_relay_only() -> None:
    """Also when it was given it before."""
    assert with_relay(with_relay(stack(FROM_WEB))) == with_relay(stack(FROM_WEB))


def test_only_the_source_of_a_link_sees_the_relay() -> None:
    """And only at the endpoint that it leads to."""
    sql, log, entry = Endpoint("h", 1), Endpoint("h", 2), Endpoint("h", 3)
    addresses = {"web": {}, "db": {"sql": sql, "log": log}, RELAY: {"1": entry}}

    assert seen_by("web", addresses, [FROM_WEB])["db"] == {"sql": entry, "log": log}
    assert seen_by(RELAY, addresses, [FROM_WEB]) == addresses


@pytest.mark.parametrize(
    ("link", "why"),
    [
        (Link("nobody", "db.sql"), "no service 'nobody'"),
        (Link("web", "nobody.sql"), "no service 'nobody'"),
        (Link("web", "db.nothing"), "no endpoint of db 'nothing'; there is sql, log"),
        (Link("db", "db.log"), r"db does not name \{db.log\}, so nothing would go through it"),
    ],
)
def test_a_link_that_cannot_be_is_refused(link: Link, why: str) -> None:
    """Before anything is started."""
    with pytest.raises(SpecError, match=why):
        with_relay(stack(link))


def test_an_unknown_name_says_what_there_is() -> None:
    """As everywhere."""
    with pytest.raises(UnknownName):
        with_relay(stack(Link(OUTSIDE, "db.nothing")))


def test_a_link_to_a_reported_port_is_refused() -> None:
    """The relay is up before the port is known."""
    with pytest.raises(SpecError, match="nobody knows a reported port before its service is up"):
        with_relay(stack(FROM_WEB, sql=REPORTED))


def test_a_link_that_is_declared_twice_is_refused() -> None:
    """A fault of one would leave the other alone."""
    with pytest.raises(SpecError, match="has a link twice"):
        with_relay(stack(FROM_WEB, FROM_WEB))
