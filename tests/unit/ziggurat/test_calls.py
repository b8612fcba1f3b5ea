"""The test's own calls, as the timeline shows them."""

from __future__ import annotations

from ziggurat.calls import MOST_CALLS, Call, CallBook, event
from ziggurat.events import Kind

MILLISECOND = 1_000_000


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        """Return the present moment."""
        return self.now


def test_a_call_has_its_status_and_latency() -> None:
    """From its begin to its end."""
    clock = Clock()
    book = CallBook(clock)
    number = book.begin("/shop.Orders/Buy", 5.0)
    clock.now = 3 * MILLISECOND
    book.end(number, "OK")

    (call,) = book.calls()
    assert (call.method, call.deadline, call.status, call.latency) == ("/shop.Orders/Buy", 5.0, "OK", 0.003)


def test_the_first_end_of_a_call_counts() -> None:
    """A stream may be told to have ended twice."""
    book = CallBook(Clock())
    number = book.begin("/m", None)
    book.end(number, "CANCELLED")
    book.end(number, "OK")

    assert [call.status for call in book.calls()] == ["CANCELLED"]


def test_a_new_test_begins_with_the_calls_under_way() -> None:
    """A stream that lives longer than a test belongs to the next one too."""
    book = CallBook(Clock())
    book.end(book.begin("/ended", None), "OK")
    book.begin("/open", None)
    book.clear()

    assert [call.method for call in book.calls()] == ["/open"]


def test_calls_are_bounded() -> None:
    """A load test makes millions."""
    book = CallBook(Clock())
    for number in range(MOST_CALLS + 10):
        book.end(book.begin(f"/{number}", None), "OK")

    assert [call.method for call in book.calls()][:1] == ["/10"]


def test_a_failed_call_matters_and_says_why() -> None:
    """At its end."""
    call = Call(method="/m", began=MILLISECOND, ended=4 * MILLISECOND, deadline=0.5, status="UNAVAILABLE", details="no")
    told = event(call, now=0)

    assert (told.at, told.kind, told.matters) == (4 * MILLISECOND, Kind.CALL, True)
    assert told.text == "/m UNAVAILABLE after 3.0 ms, deadline 0.5 s: no"


def test_a_call_that_succeeded_does_not_matter() -> None:
    """There are many of them."""
    told = event(Call(method="/m", began=0, ended=MILLISECOND, deadline=None, status="OK"), now=0)

    assert (told.text, told.matters) == ("/m OK after 1.0 ms, no deadline", False)


def test_a_call_under_way_stands_at_the_end() -> None:
    """It may be what the test waits for."""
    told = event(Call(method="/m", began=0, deadline=None), now=7 * MILLISECOND)

    assert (told.at, told.matters) == (7 * MILLISECOND, True)
    assert told.text == "/m is under way for 7.0 ms, no deadline"
