"""The examples of the documents are tests that pass."""

from __future__ import annotations

import re
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


def examples(document: str) -> str:
    """Return all indented blocks of a document that are code as one module."""
    blocks = re.findall(r"(?:^(?: {4}.*)?\n)+", (DOCS / document).read_text(), re.MULTILINE)
    return "\n".join(dedent(block) for block in blocks if CODE.match(dedent(block).strip()))


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
