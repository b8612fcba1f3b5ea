"""The way from `main` to the exit code."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from prism_stack.process.errors import AddressTaken
from prism_stack.process.identity import Program
from prism_stack.process.program import run
from prism_stack.process.settings import address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prism_stack.process.program import Common
    from prism_stack.process.settings import Options
    from prism_stack.process.stopping import Stop

SAMPLE = Program(name="sample", about="a sample")


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """Give the test run its own signals back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    descriptor = signal.set_wakeup_fd(-1)
    yield
    signal.set_wakeup_fd(descriptor)
    for number, handler in before.items():
        signal.signal(number, handler)


def read(options: Options) -> str:
    """Take the one option of the sample."""
    return options.one("listen", address, "127.0.0.1:0", "Where it serves")


def serve_and_raise(error: Exception | None) -> Callable[[str, Common, Stop], None]:
    """Return what serves, and fails if there is an error."""

    def serve(settings: str, common: Common, stop: Stop) -> None:
        del settings, common, stop
        if error:
            raise error

    return serve


def outcome(monkeypatch: pytest.MonkeyPatch, line: str, error: Exception | None = None) -> int:
    """Run the sample with a command line."""
    monkeypatch.setattr("sys.argv", ["sample", *line.split()])
    return run(SAMPLE, read, serve_and_raise(error))


@pytest.mark.parametrize(
    ("line", "error", "code"),
    [
        ("", None, 0),
        ("", AddressTaken("127.0.0.1:1"), 71),
        ("", RuntimeError("bug"), 70),
        ("--listen nowhere", None, 64),
        ("--version", RuntimeError("never served"), 0),
        ("--help --listen nowhere", RuntimeError("never served"), 0),
    ],
)
def test_the_exit_code_is_that_of_the_outcome(
    monkeypatch: pytest.MonkeyPatch, line: str, error: Exception | None, code: int
) -> None:
    """The documented ones."""
    assert outcome(monkeypatch, line, error) == code


def test_every_configuration_error_has_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Under the program's name, the last one saying where to read more."""
    outcome(monkeypatch, "--listen nowhere --log-format loud")
    lines = capsys.readouterr().err.splitlines()

    assert len(lines) == 3
    assert all(line.startswith("sample: ") for line in lines)
    assert lines[-1] == "sample: see --help"


def test_the_configuration_is_printed_with_its_sources(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each value and where it came from."""
    monkeypatch.setenv("PRISM_LOG_LEVEL", "debug")
    outcome(monkeypatch, "--print-config --listen 127.0.0.1:9")
    printed = capsys.readouterr().out

    assert "listen = 127.0.0.1:9 (flag)" in printed
    assert "log-level = debug (environment)" in printed
    assert "drain-timeout = 30s (default)" in printed
