"""What /proc tells, of a process that is there: this one."""

import os
import signal

from ziggurat.hang import proc


def test_a_process_is_told_in_three_parts() -> None:
    """Its state, its threads and its open files."""
    parts = {part.title: part for part in proc.look(os.getpid(), {})}

    assert list(parts) == ["state", "threads", "open files"]
    assert " threads, " in parts["state"].lines[0]
    assert parts["threads"].lines
    assert not any(part.problem for part in parts.values())


def test_a_process_that_is_gone_is_told_as_that() -> None:
    """Each part by itself."""
    parts = proc.look(2**22 + 1, {})

    assert [part.problem for part in parts] == ["no such file or directory"] * 3


def test_a_signal_is_caught_by_who_has_a_handler() -> None:
    """A signal of its own, for a caller may have had SIGINT ignored."""
    before = signal.signal(signal.SIGUSR1, lambda *_: None)
    try:
        assert proc.catches(os.getpid(), signal.SIGUSR1)
        assert not proc.catches(os.getpid(), signal.SIGUSR2)
        assert not proc.catches(2**22 + 1, signal.SIGUSR1)
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_a_socket_is_named_by_its_inode() -> None:
    """What is no path at all stays as it is."""
    known = {"77": "TCP 127.0.0.1:1 LISTEN"}

    assert proc._named("socket:[77]", known) == "TCP 127.0.0.1:1 LISTEN"
    assert proc._named("socket:[78]", known) == "socket"
    assert proc._named("pipe:[5]", known) == "pipe"
    assert proc._named("/var/x", known) == "/var/x"


def test_equal_lines_are_counted() -> None:
    """A pool of threads is one line."""
    assert proc._counted(["worker: sleeping", "main: running", "worker: sleeping"]) == [
        "worker: sleeping \N{MULTIPLICATION SIGN}2",
        "main: running",
    ]
