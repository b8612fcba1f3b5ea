"""Being asked to stop: once is a drain, twice is the end."""

import signal

import pytest

from prism_stack.process.stopping import Stop


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_the_first_signal_asks_and_the_second_ends_at_once(number: int, code: int) -> None:
    """With the code of the second signal, as a shell tells it."""
    ended: list[int] = []
    with Stop(end_at_once=ended.append) as stop:
        stop.take(signal.SIGTERM)
        assert stop.asked.is_set()
        assert ended == []
        stop.take(number)

    assert ended == [code]


def test_another_signal_is_none_of_its_business() -> None:
    """A child's end, for one."""
    with Stop() as stop:
        stop.take(signal.SIGCHLD)

    assert not stop.asked.is_set()


def test_signals_are_obeyed_in_the_order_in_which_they_arrive() -> None:
    """Until the sending end closes."""
    ended: list[int] = []
    with Stop(end_at_once=ended.append) as stop:
        stop._sender.send(bytes([signal.SIGCHLD, signal.SIGINT, signal.SIGTERM]))
        stop._sender.close()
        stop.follow()

    assert ended == [143]
