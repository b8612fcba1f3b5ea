"""A project of each test's own, in which pytest runs as a person runs it: in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from ziggurat import ConditionTimeout, wait_until
from ziggurat.keeper import processes

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

PROGRAMS = Path(__file__).parents[3] / "programs"
GONE_SECONDS = 2.0
SETTINGS = """
[tool.pytest]
addopts = ["--import-mode=importlib", "--strict-markers", "-ra"]
filterwarnings = ["error"]
"""
STACKS = f"""
import json
import os
import sys
from pathlib import Path
from ziggurat import FREE, Notify, Service, Stack

HERE = Path(__file__).parent
PROGRAMS = Path({str(PROGRAMS)!r})

def stack(program="serve", *words, name="made"):
    command = (sys.executable, PROGRAMS / (program + ".py"), *(words or ("{{http}}",)))
    service = Service(name="web", command=command, ports={{"http": FREE}}, ready=Notify(), stop=())
    return Stack(name=name, services=(service,))

def tell(name, keeper, address, *pids):
    about = keeper.about_keeper
    facts = {{fact: about[fact] for fact in ("run", "folder", "warden")}}
    facts.update(keeper=about["pid"], address=address, tester=os.getpid(), services=pids)
    fresh = HERE / (name + ".new")
    fresh.write_text(json.dumps(facts))
    fresh.rename(HERE / name)
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


@dataclass(frozen=True, slots=True)
class Told:
    """Who and what was there in the middle of a test of the project."""

    run: str
    folder: str
    address: str
    keeper: int
    warden: int
    services: list[int]
    tester: int

    def wait_gone(self) -> None:
        """Wait until nothing is left: no process, no folder of the run, nobody at the service's port."""
        self._wait_until_only(frozenset())

    def wait_lost(self) -> None:
        """Wait until nothing is left but the process that runs the test."""
        self._wait_until_only({self.tester})

    def _wait_until_only(self, kept: Collection[int]) -> None:
        with suppress(ConditionTimeout):
            wait_until(lambda: not self._left(kept), seconds=GONE_SECONDS, what="the end of all")
        assert self._left(kept) == []

    def _left(self, kept: Collection[int]) -> list[object]:
        named = {self.keeper, self.warden, self.tester, *self.services}.difference(kept)
        pids = {pid for pid in named if processes.state(pid) not in {"", "Z", "X"}}
        folders = [self.folder] if Path(self.folder).exists() else []
        addresses = [] if _can_be_bound(self.address) else [self.address]
        return [*pids, *processes.tagged(self.run), *folders, *addresses]


def _can_be_bound(address: str) -> bool:
    host, _, port = address.rpartition(":")
    with socket.socket() as end:
        try:
            # Without options, so that a port that is only held counts as one that is in use.
            end.bind((host, int(port)))
        except OSError:
            return False
    return True


@pytest.fixture
def middle(project: pytest.Pytester) -> Callable[[str], Told]:
    """Waits until a test of the project has told who is there under a name, ``tell(name, ...)``, and returns it."""

    def wait(name: str) -> Told:
        path = project.path / name
        wait_until(path.exists, seconds=20, what="the middle of the test")
        told = Told(**json.loads(path.read_text()))
        # What is not there now would not be missed in the end.
        assert Path(told.folder).exists()
        assert not _can_be_bound(told.address)
        return told

    return wait


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of runs; empty in the end."""
    parent = Path(tempfile.mkdtemp(prefix="zg", dir="/tmp"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(parent))
    folder = parent / "ziggurat"
    yield folder
    wait_until(lambda: not _runs(folder), seconds=GONE_SECONDS, what="the removal of all run folders")
    shutil.rmtree(parent)


def _runs(folder: Path) -> list[Path]:
    return [path for path in folder.glob("*") if path.is_dir() and not path.is_symlink() and path.name != "ports"]


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
