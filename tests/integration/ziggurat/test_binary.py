"""What runs is what was built: seen also when it is built anew under a running stack."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ziggurat import Lease, NotRunning, Service, Stack, start, wait_until
from ziggurat.keeper.build_id import read_build_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ziggurat import RunningStack

FIRST, OTHER = b"1" * 20, b"2" * 20
PATIENCE = 10.0


def build(path: Path, build_id: bytes) -> None:
    """Put the system's sleep with another build id at a path, as a linker does: by another file."""
    sleep = shutil.which("sleep")
    assert sleep is not None
    path.unlink(missing_ok=True)
    path.write_bytes(Path(sleep).read_bytes().replace(bytes.fromhex(read_build_id(sleep)), build_id))
    path.chmod(0o755)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program that was just built."""
    path = tmp_path / "program"
    build(path, FIRST)
    return path


@pytest.fixture
def running(lease: Lease, program: Path) -> Iterator[RunningStack]:
    """A stack that runs it."""
    with start(Stack(name="built", services=(Service(name="web", command=(program, "60")),)), lease=lease) as stack:
        # As soon as it runs is sooner than it has become the program.
        wait_until(lambda: stack["web"].binary.build_id, seconds=PATIENCE, what="the build id")
        yield stack


def test_a_service_knows_its_program(running: RunningStack, program: Path) -> None:
    """By path and build id."""
    binary = running["web"].binary

    assert (binary.path, binary.build_id, binary.is_rebuilt) == (str(program), FIRST.hex(), False)


def test_a_rebuild_under_a_running_stack_is_seen(running: RunningStack, program: Path) -> None:
    """Until the service is restarted, and so runs what is built."""
    build(program, OTHER)
    binary = running["web"].binary
    assert (binary.build_id, binary.built_id, binary.is_rebuilt) == (FIRST.hex(), OTHER.hex(), True)

    running["web"].restart()
    wait_until(lambda: running["web"].binary.build_id == OTHER.hex(), seconds=PATIENCE, what="the other build")
    assert not running["web"].binary.is_rebuilt


def test_a_service_that_ended_is_still_known_by_its_program(running: RunningStack) -> None:
    """The report of its end names it."""
    running["web"].kill()

    assert running["web"].binary.build_id == FIRST.hex()


def test_a_service_of_a_stopped_stack_is_not(running: RunningStack) -> None:
    """Nobody remembers it."""
    running.stop()

    with pytest.raises(NotRunning, match="web is not running: it is removed"):
        _ = running["web"].binary
