"""The examples of the documents are tests that pass."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    Write = Callable[[str, str], Path]
    Run = Callable[..., pytest.RunResult]

DOCS = Path(__file__).parents[4] / "docs"
CODE = re.compile(r"import |from |def |@|[A-Z]+ = ")
SHOP = '''
    """What the examples take for granted: an api before a database, and a call of it."""

    import socket
    import time

    import stacks
    from ziggurat import FREE, GrpcHealth, Notify, Service, Stack

    ECHO = (stacks.sys.executable, stacks.PROGRAMS / "echo.py")
    SHOP = Stack(
        name="shop",
        services=(
            Service(name="api", command=(*ECHO, "{http}", "{db.sql}"), ports={"http": FREE}, ready=Notify()),
            Service(name="db", command=(*ECHO, "{sql}"), ports={"sql": FREE}, ready=Notify()),
        ),
    )

    STUCK = Stack(
        name="stuck",
        services=(
            Service(name="db", command=(*ECHO, "{sql}"), ports={"sql": FREE}, ready=Notify()),
            Service(
                name="api",
                command=(stacks.sys.executable, stacks.PROGRAMS / "listen_without_serving.py", "{http}"),
                ports={"http": FREE},
                ready=GrpcHealth(endpoint="http"),
                after=("db",),
                start_seconds=0.3,
            ),
            Service(name="web", command=(*ECHO, "{http}"), ports={"http": FREE}, after=("api",)),
        ),
    )
    TAKES_LISTENER = (stacks.sys.executable, stacks.PROGRAMS / "take_listener.py")

    def call(address):
        host, _, port = address.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=10) as link:
            return link.recv(100).decode()

    def order(shop, words=b"one tea", seconds=10):
        began = time.monotonic()
        host, _, port = shop.address("api.http").rpartition(":")
        with socket.create_connection((host, int(port)), timeout=seconds) as link:
            link.sendall(words)
            received = b""
            while len(received) < len(words):
                data = link.recv(1 << 16)
                if not data:
                    raise ConnectionResetError
                received += data
        assert received == words
        return time.monotonic() - began
'''
CONFTEST = """
    import pytest
    from shop import SHOP

    @pytest.fixture(scope="module")
    def shop(module_stacks):
        return module_stacks.start(SHOP)
"""

SEEN = r" +\+\d+\.\d{3}  "
HEADLINES = {
    "One timeline": [
        "what mattered",
        SEEN + r"shop.stock  was ended by SIGKILL, nobody asked it to \(pid \d+\)",
        SEEN + r"test +its call raised ConnectionRefusedError: \[Errno 111\] Connection refused",
        "services",
        "  shop.stock: was ended by SIGKILL · /",
        "timeline, in seconds since the test began",
        "    whole: .*timelines/test_failures.py-test_an_order_is_served-c8b4d3fe.call.jsonl",
        SEEN + r"shop.stock  \| listening on 127.0.0.1:\d+",
        SEEN + "test +its call begins",
        SEEN + r"shop.stock  \| ordered: die",
    ],
    "A stack that is not ready in time": [
        r"NotReady: till was not ready in 1 s \(HTTP success for .*\): connection refused ×\d+, HTTP 503 ×\d+",  # noqa: RUF001 - as it is shown
        r"  \| waiting for the bank",
        "the services:",
        r"  stock: ready after [\d.]+ m?s \(running, pid \d+\)",
        r"  till: not ready after \d+\.\d s \(running, pid \d+\)",
        "  door: not started, it waits for till",
        r"critical path: stock [\d.]+ m?s → till \d+\.\d s so far",
    ],
    "A hang": [
        "docs/examples/test_failures.py::test_an_order_waits_for_ever",
        r"it was not over after 1 s; looked at 1 processes in \d\.\d s",
        "stacks of the test's own process",
        "    order +docs/examples/test_failures.py:54",
        "    test_an_order_waits_for_ever docs/examples/test_failures.py:73",
        r"shop.stock \(pid \d+\): /",
        "  state: sleeping, 1 threads, ",
        r"    TCP 127.0.0.1:\d+ LISTEN",
        "  what it says itself",
        "      1 orders wait",
        "whole: .*timelines/test_failures.py-test_an_order_waits_for_ever-69fb7ff6.hang.txt",
    ],
    "A process that is left behind": [
        "Leak: LEAK: docs/examples/test_failures.py::test_an_order_by_another_program left 1 running behind",
        r"  pid \d+: .*python.* -c import time; time.sleep\(60\), started by .*_by_another_program \(call\)",
    ],
}
"""What failures.md shows and the demonstration prints, in this order."""


def missing(patterns: list[str], text: str) -> str:
    """Return the first of these patterns that no line matches after the lines of those before it, if any."""
    lines = iter(text.splitlines())
    return next((pattern for pattern in patterns if not any(re.search(pattern, line) for line in lines)), "")


def sections(document: str) -> dict[str, str]:
    """Return the sections of a document by their titles."""
    _, *parts = (DOCS / document).read_text().split("\n## ")
    return dict(part.split("\n", 1) for part in parts)


def examples(document: str) -> str:
    """Return all indented blocks of a document that are code as one module."""
    blocks = re.findall(r"(?:^(?: {4}.*)?\n)+", (DOCS / document).read_text(), re.MULTILINE)
    return "\n".join(dedent(block) for block in blocks if CODE.match(dedent(block).strip()))


def test_the_examples_of_the_public_api_pass(write: Write, run: Run) -> None:
    """Each as it stands there."""
    write("../shop.py", SHOP)
    source = examples("api.md")
    write("integration/test_api.py", source)

    run().assert_outcomes(passed=source.count("def test_") + source.count("parametrize("))


def test_the_examples_of_faults_pass(write: Write, run: Run) -> None:
    """Each as it stands there."""
    write("../shop.py", SHOP)
    write("integration/conftest.py", CONFTEST)
    source = examples("faults.md")
    write("integration/test_faults.py", source)

    run().assert_outcomes(passed=source.count("def test_"))


def test_the_examples_of_readiness_pass(write: Write, run: Run) -> None:
    """Each as it stands there."""
    write("../shop.py", SHOP)
    source = examples("readiness.md")
    write("integration/test_readiness.py", source)

    run().assert_outcomes(passed=source.count("def test_"))


def test_the_examples_of_fakes_pass(write: Write, run: Run) -> None:
    """In the unit tier, which allows neither processes nor the network."""
    source = examples("fakes.md")
    write("unit/test_fakes.py", source)

    run().assert_outcomes(passed=source.count("def test_"))


def test_the_demonstration_of_failures_fails_as_it_is_shown(
    project: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the command that stands there, each section with its headlines; no other section shows an output."""
    monkeypatch.setenv("PYTEST_PLUGINS", "ziggurat.pytest_plugin,pytest_timeout")
    shutil.copytree(DOCS / "examples", project.path / "docs" / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    (command,) = re.findall(r"^    pytest (.*)$", (DOCS / "failures.md").read_text(), re.MULTILINE)
    result = run(*command.split())

    result.assert_outcomes(passed=1, failed=3, errors=1)
    shown, printed = sections("failures.md"), result.stdout.str()
    assert list(shown) == list(HEADLINES)
    for title, headlines in HEADLINES.items():
        assert (title, missing(headlines, shown[title])) == (title, "")
        assert (title, missing(headlines, printed)) == (title, "")
    files = [path.suffix for path in (project.path / "timelines").iterdir()]
    assert sorted(files) == [*[".jsonl"] * 4, ".txt"]
