"""A project of each test's own, in which pytest runs as a person runs it: in a process of its own."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from ziggurat import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROGRAMS = Path(__file__).parents[3] / "programs"
SETTINGS = """
[tool.pytest]
addopts = ["--import-mode=importlib", "--strict-markers", "-ra"]
filterwarnings = ["error"]
"""
STACKS = f"""
import sys
from pathlib import Path
from ziggurat import FREE, Notify, Service, Stack

PROGRAMS = Path({str(PROGRAMS)!r})

def stack(program="serve", *words, name="made"):
    command = (sys.executable, PROGRAMS / (program + ".py"), *(words or ("{{http}}",)))
    service = Service(name="web", command=command, ports={{"http": FREE}}, ready=Notify(), stop=())
    return Stack(name=name, services=(service,))
"""


ASKING = """
    import pytest
    from stacks import stack

    @pytest.fixture(scope="session")
    def web(session_stacks):
        return session_stacks.start(stack("speak_when_asked"))["web"]

    @pytest.fixture
    def ask(web):
        import socket

        def asked(words):
            endpoint = web.endpoint("http")
            with socket.create_connection((endpoint.host, endpoint.port), timeout=5) as link:
                link.sendall(words.encode() + b"\\n")
                assert link.recv(100)
        return asked
"""


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of runs; empty in the end."""
    parent = Path(tempfile.mkdtemp(prefix="zg", dir="/tmp"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(parent))
    folder = parent / "ziggurat"
    yield folder
    wait_until(lambda: not list(folder.glob("*/run")), seconds=2, what="the removal of all run folders")
    shutil.rmtree(parent)


@pytest.fixture
def project(pytester: pytest.Pytester, runtime: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project without tests, whose modules may import ``stack`` from ``stacks``."""
    del runtime
    for name in list(os.environ):
        # Where pytest believes that it runs in CI it shortens nothing, and says some things twice.
        if name.startswith(("PYTEST_", "ZIGGURAT_")) or name in {"CI", "BUILD_NUMBER"}:
            monkeypatch.delenv(name)
    # The others that are installed here cost a run more than all the rest of it.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_PLUGINS", "ziggurat.pytest_plugin")
    (pytester.path / "pyproject.toml").write_text(SETTINGS)
    (pytester.path / "stacks.py").write_text(STACKS)
    (pytester.path / "conftest.py").write_text(f"import sys\nsys.path.append({str(pytester.path)!r})\n")
    return pytester


@pytest.fixture
def write(project: pytest.Pytester) -> Callable[[str, str], Path]:
    """Writes a test module below tests/: ``write("unit/test_a.py", source)``."""

    def written(name: str, source: str) -> Path:
        path = project.path / "tests" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(source))
        return path

    return written


@pytest.fixture
def run(project: pytest.Pytester) -> Callable[..., pytest.RunResult]:
    """Runs pytest on the project, in a process of its own."""
    return lambda *words: project.runpytest_subprocess(*words, timeout=60)


@pytest.fixture
def command() -> list[str]:
    """The command line of pytest, for who needs the process itself."""
    return [sys.executable, "-m", "pytest"]


@pytest.fixture
def asking(write: Callable[[str, str], Path]) -> None:
    """Give the project's tests ``ask``, which has a session's service say words and waits until it has."""
    write("conftest.py", ASKING)
