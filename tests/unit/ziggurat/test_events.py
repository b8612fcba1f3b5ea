"""What keepers tell and services write, as events."""

from __future__ import annotations

import signal

import pytest

from ziggurat.events import Event, Kind, lines, of_keeper


def told(kind: str, **facts: object) -> Event:
    """Return what a keeper told as an event."""
    event = of_keeper({"event": kind, "service": "shop-1.web", "at": 5, **facts}, "shop.web")
    assert event is not None
    return event


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"kind": "spawned", "pid": 7, "restarts": 0}, "spawned (pid 7)"),
        ({"kind": "spawned", "pid": 7, "restarts": 2}, "spawned again (pid 7, restart 2)"),
        ({"kind": "notified", "pid": 7, "told": {"READY": "1", "STATUS": "well"}}, "said READY=1 STATUS=well"),
        ({"kind": "ready"}, "ready"),
        ({"kind": "signalled", "pid": 7, "signal": signal.SIGTERM}, "was sent SIGTERM"),
        ({"kind": "signalled", "pid": 7, "signal": 40}, "was sent signal 40"),
        ({"kind": "exited", "pid": 7, "status": 0, "asked": True}, "exited with code 0, as it was asked to (pid 7)"),
        (
            {"kind": "exited", "pid": 7, "status": -9, "asked": False},
            "was ended by SIGKILL, nobody asked it to (pid 7)",
        ),
        ({"kind": "failed", "message": "gone"}, "could not be started again: gone"),
        ({"kind": "ignored", "told": {}, "sender": 9}, "words on its notify socket from pid 9 were not believed"),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
def test_a_life_is_told_in_words(message: dict[str, object], text: str) -> None:
    """Of the service whose it is, at its time."""
    event = told(**message)  # type: ignore[arg-type]

    assert (event.at, event.source, event.kind, event.text) == (5, "shop.web", Kind.LIFE, text)


def test_an_end_that_nobody_asked_for_matters() -> None:
    """One that was asked for is how things go."""
    assert told("exited", pid=7, status=0, asked=False).matters
    assert not told("exited", pid=7, status=-15, asked=True).matters


def test_a_fault_matters() -> None:
    """It is why the test does not see what it saw before."""
    on = told("fault", what="web is paused", on=True)

    assert (on.kind, on.text, on.matters) == (Kind.FAULT, "fault on: web is paused", True)


def test_what_tells_a_reader_nothing_is_left_out() -> None:
    """An event of a newer keeper too."""
    assert of_keeper({"event": "grew", "service": "w", "at": 1, "size": 2}, "w") is None
    assert of_keeper({"event": "gone", "service": "w", "at": 1}, "w") is None


def test_a_line_has_the_time_at_which_its_first_byte_was_seen() -> None:
    """Several that came together share it."""
    marks = [(100, 50), (103, 60), (110, 70)]

    found = list(lines("w", b"aa\nbbb\nccc\n", 100, marks, began=10))
    assert [(event.at, event.text) for event in found] == [(50, "aa"), (60, "bbb"), (60, "ccc")]


def test_a_line_that_no_mark_tells_of_stands_at_the_begin() -> None:
    """And so does one of before: it was there when the test began."""
    assert [event.at for event in lines("w", b"a\n", 0, [], began=10)] == [10]
    assert [event.at for event in lines("w", b"a\n", 0, [(0, 3)], began=10)] == [10]


def test_a_log_without_lines_has_no_events() -> None:
    """Not even an empty one."""
    assert list(lines("w", b"", 0, [], began=0)) == []


def test_an_empty_line_is_a_line() -> None:
    """And a carriage return is no part of one."""
    assert [event.text for event in lines("w", b"a\r\n\nb", 0, [], began=0)] == ["a", "", "b"]


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01T00:00:00Z ERROR shop: broken",
        '{"level":"ERROR","message":"x"}',
        "thread 'main' panicked at src/main.rs:3:5:",
        "Traceback (most recent call last):",
        "error: no such file",
        "CRITICAL out of memory",
    ],
)
def test_a_line_that_tells_of_an_error_matters(text: str) -> None:
    """In the forms that loggers give it."""
    (event,) = lines("w", text.encode(), 0, [], began=0)

    assert event.matters


@pytest.mark.parametrize("text", ["INFO no errors so far", "GET /error.html 200", "terrors of the deep"])
def test_a_line_that_only_has_the_word_does_not(text: str) -> None:
    """It would push aside what matters."""
    (event,) = lines("w", text.encode(), 0, [], began=0)

    assert not event.matters
