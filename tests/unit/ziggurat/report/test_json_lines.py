"""A timeline as JSON lines and as JUnit's properties."""

from __future__ import annotations

import json
from pathlib import Path

from ziggurat.events import Event, Kind
from ziggurat.report.json_lines import json_lines
from ziggurat.report.junit import LONGEST, properties
from ziggurat.report.model import ServiceFacts, Timeline

TIMELINE = Timeline(
    test="t.py::test_it",
    began=1_000_000_000,
    events=(
        Event(at=1_250_000_000, source="shop.web", kind=Kind.LINE, text="héllo"),
        Event(
            at=1_500_000_000,
            source="shop.web",
            kind=Kind.LIFE,
            text="exited with code 1",
            matters=True,
            facts={"event": "exited", "status": 1},
        ),
    ),
    services=(
        ServiceFacts(
            name="shop.web",
            state="exited with code 1",
            is_running=False,
            log=Path("/t/web.log"),
            program="/bin/web",
            build_id="0123",
        ),
    ),
)


def test_each_event_is_a_line_after_the_test() -> None:
    """With its facts beside its text."""
    head, *rest = map(json.loads, json_lines(TIMELINE))

    assert head["test"] == "t.py::test_it"
    assert head["services"][0]["build_id"] == "0123"
    assert rest == [
        {"at": 0.25, "kind": "line", "source": "shop.web", "text": "héllo", "matters": False},
        {
            "at": 0.5,
            "kind": "life",
            "source": "shop.web",
            "text": "exited with code 1",
            "matters": True,
            "event": "exited",
            "status": 1,
        },
    ]


def test_properties_are_short_and_say_where_the_whole_is() -> None:
    """What mattered has one each, and so has a service."""
    assert properties(TIMELINE, Path("/t/whole.jsonl")) == [
        ("ziggurat.timeline", "/t/whole.jsonl"),
        ("ziggurat.mattered", "+0.500 shop.web: exited with code 1"),
        ("ziggurat.service", "shop.web: exited with code 1; build 0123; /bin/web; /t/web.log"),
    ]


def test_a_property_is_bounded() -> None:
    """A service may log a megabyte in one line."""
    loud = Event(at=2_000_000_000, source="w", kind=Kind.LINE, text="ERROR " + "x" * 10_000, matters=True)
    timeline = Timeline(test="t", began=0, events=(loud,), services=())

    assert len(properties(timeline, Path("/t"))[1][1]) == LONGEST
