"""A timeline as a person reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ziggurat.events import Event, Kind
from ziggurat.report.model import LAST_SHOWN, ServiceFacts, Timeline
from ziggurat.report.text import WIDTH, brief, timeline_text

SECOND = 1_000_000_000
WHOLE = Path("/t/whole.jsonl")


def line(at: float, text: str, *, source: str = "shop.web", matters: bool = False) -> Event:
    """Return a line of a log."""
    return Event(at=int(at * SECOND), source=source, kind=Kind.LINE, text=text, matters=matters)


def event(at: float, source: str, text: str, *, kind: Kind = Kind.LIFE, matters: bool = False) -> Event:
    """Return anything else that happened."""
    return Event(at=int(at * SECOND), source=source, kind=kind, text=text, matters=matters)


def service(name: str, state: str = "running") -> ServiceFacts:
    """Return the facts of a service."""
    return ServiceFacts(name=name, state=state, is_running=state == "running", log=Path(f"/t/{name}.log"))


def timeline(*events: Event, services: tuple[ServiceFacts, ...] = ()) -> Timeline:
    """Return a timeline that began a second after the clock did."""
    return Timeline(test="t.py::test_it", began=SECOND, events=events, services=services)


def test_a_report_begins_with_what_mattered() -> None:
    """Then come the services, those that are not running first, and all in the order of time."""
    web = ServiceFacts(
        name="shop.web",
        state="was ended by SIGKILL",
        is_running=False,
        log=Path("/t/web.log"),
        program="/bin/web",
        build_id="0123456789abcdef",
        unread=10,
    )
    happened = timeline(
        line(1.001, "listening"),
        event(1.5, "shop.web", "was ended by SIGKILL, nobody asked it to (pid 7)", matters=True),
        event(1.52, "test", "/shop.Orders/Buy UNAVAILABLE after 3.1 ms, deadline 5 s", kind=Kind.CALL, matters=True),
        services=(service("shop.db"), web),
    )

    expected = """\
what mattered
    +0.500  shop.web  was ended by SIGKILL, nobody asked it to (pid 7)
    +0.520  test      /shop.Orders/Buy UNAVAILABLE after 3.1 ms, deadline 5 s
services
  shop.web: was ended by SIGKILL · build 0123456789ab · /bin/web
    log: /t/web.log (only there: 10 bytes of this test)
  shop.db: running
    log: /t/shop.db.log
timeline, in seconds since the test began
    whole: /t/whole.jsonl
    +0.001  shop.web  | listening
    +0.500  shop.web  was ended by SIGKILL, nobody asked it to (pid 7)
    +0.520  test      /shop.Orders/Buy UNAVAILABLE after 3.1 ms, deadline 5 s"""
    assert timeline_text(happened, WHOLE) == expected


def test_a_program_that_was_rebuilt_under_the_test_is_told_of_before_the_services() -> None:
    """By both ids: the failure may be one of yesterday's code."""
    old, new = "0123456789abcdef", "fedcba9876543210"
    facts = {"state": "running", "is_running": True, "log": Path("/t/log"), "build_id": old}
    web = ServiceFacts(name="shop.web", built_id=new, **facts)  # type: ignore[arg-type]
    same = ServiceFacts(name="shop.db", built_id=old, **facts)  # type: ignore[arg-type]

    assert timeline_text(timeline(services=(web, same)), WHOLE).splitlines()[:3] == [
        "not what is built now: restart the stack",
        "  shop.web runs build 0123456789ab, but fedcba987654 is built now",
        "services",
    ]


def test_what_is_far_from_all_that_matters_is_folded() -> None:
    """Into one row that counts each source."""
    early = [line(1 + n / 1000, f"a{n}") for n in range(100)]
    cause = event(1.2, "shop.db", "exited with code 1, nobody asked it to (pid 8)", matters=True)
    late = [line(2 + n / 1000, f"b{n}", source="shop.db") for n in range(LAST_SHOWN + 5)]

    rows = timeline_text(timeline(*early, cause, *late), WHOLE).split("\n")
    shown = rows[rows.index("    whole: /t/whole.jsonl") + 1 :]
    assert shown[:7] == [
        "         …  98 more: shop.web 98",
        "    +0.098  shop.web  | a98",
        "    +0.099  shop.web  | a99",
        "    +0.200  shop.db   exited with code 1, nobody asked it to (pid 8)",
        "    +1.000  shop.db   | b0",
        "    +1.001  shop.db   | b1",
        "         …  3 more: shop.db 3",
    ]
    assert len(shown) == 7 + LAST_SHOWN


def test_nothing_that_was_logged_is_wider_than_the_terminal() -> None:
    """What matters goes on in the next rows, and a log line ends in the file."""
    long = "word " * 200
    text = timeline_text(timeline(line(1, long), line(2, "ERROR " + long, matters=True)), WHOLE)

    assert max(map(len, text.split("\n"))) <= WIDTH
    assert text.count("…") == 3


def test_a_flood_of_errors_shows_the_first_ones() -> None:
    """Three of each service: they explain the rest."""
    errors = [line(1 + n, f"ERROR {n}", matters=True) for n in range(50)]

    assert brief(timeline(*errors)) == [f"+{n}.000 shop.web: ERROR {n}" for n in range(3)]


def test_many_things_that_mattered_show_begin_and_end() -> None:
    """A restart loop must not fill the screen."""
    ends = [event(1 + n, "shop.web", f"exited with code {n}", matters=True) for n in range(50)]
    rows = timeline_text(timeline(*ends), WHOLE).split("\n")

    assert rows[6:9] == [
        "    +5.000  shop.web  exited with code 5",
        "         …  38 more: shop.web 38",
        "   +44.000  shop.web  exited with code 44",
    ]


@pytest.mark.parametrize("text", ["two\nrows", "a\ttab"])
def test_an_event_is_one_row(text: str) -> None:
    """Whatever somebody wrote into it."""
    assert len(timeline_text(timeline(event(1, "test", text)), WHOLE).split("\n")) == 3
