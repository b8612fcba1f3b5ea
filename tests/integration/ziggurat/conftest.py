"""A keeper of each test's own, the programs that misbehave, and who of them is alive."""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ziggurat import ServiceLog, wait_until
from ziggurat.keeper import processes
from ziggurat.lease import Lease, own

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROGRAMS = Path(__file__).parents[2] / "programs"
GONE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Base:
    """The folder of runs of one test, with a path short enough for sockets."""

    folder: Path

    def runs(self) -> list[Path]:
        """Return the folders of runs that are there."""
        return [
            path for path in self.folder.iterdir() if path.is_dir() and not path.is_symlink() and path.name != "ports"
        ]

    def wait_empty(self) -> None:
        """Wait until no run has left anything."""
        wait_until(lambda: not self.runs(), seconds=GONE_SECONDS, what="the removal of all run folders")


@pytest.fixture
def base(monkeypatch: pytest.MonkeyPatch) -> Iterator[Base]:
    """A folder for runs that no other test uses; leaves no run behind."""
    parent = Path(tempfile.mkdtemp(prefix="zg", dir="/tmp"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(parent))
    folder = parent / "ziggurat"
    folder.mkdir(mode=0o700)
    base = Base(folder)
    yield base
    base.wait_empty()
    shutil.rmtree(parent)


@pytest.fixture
def lease(base: Base) -> Iterator[Lease]:
    """A keeper of this test's own; whatever the test left to it must be gone at the end."""
    assert not base.runs()
    lease = own()
    yield lease
    lease.end()
    assert processes.tagged(str(lease.about_keeper["run"])) == []


@pytest.fixture
def program() -> Callable[..., tuple[str, ...]]:
    """Gives the command lines of the programs of tests/programs: ``program("serve", "{http}")``."""
    return lambda name, *words: (sys.executable, str(PROGRAMS / f"{name}.py"), *words)


def _lives(pid: int) -> bool:
    return processes.state(pid) not in {"", "Z", "X"}


@pytest.fixture
def alive() -> Callable[[int], bool]:
    """Says whether a process runs; a zombie whose parent does not reap it does not."""
    return _lives


@pytest.fixture
def wait_gone() -> Callable[..., None]:
    """Waits until none of some processes runs."""

    def wait(*pids: int, seconds: float = GONE_SECONDS) -> None:
        wait_until(lambda: not any(map(_lives, pids)), seconds=seconds, what=f"the end of {pids}")

    return wait


@pytest.fixture
def family() -> Callable[..., dict[str, int]]:
    """Waits until a leave_family.py has written down the pids of some kinds in its log, and returns them."""

    def pids(log: ServiceLog, *kinds: str) -> dict[str, int]:
        return {kind: int(log.wait_for(rf"^{kind} (\d+)$")[1]) for kind in kinds}

    return pids
