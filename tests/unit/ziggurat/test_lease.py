"""Where runs live: a folder of this user's alone, with a path that sockets can have."""

import stat
import tempfile
from pathlib import Path

import pytest

from ziggurat import lease
from ziggurat.errors import WorldError
from ziggurat.lease import base_folder


@pytest.fixture
def any_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pytest's own temporary folders may be deep."""
    monkeypatch.setattr(lease, "LONGEST_BASE", 4096)


@pytest.mark.usefixtures("any_length")
def test_runs_live_in_the_runtime_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one of our own, which nobody else may enter."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    base = base_folder()

    assert base == tmp_path / "ziggurat"
    assert stat.S_IMODE(base.stat().st_mode) == 0o700
    assert base_folder() == base


@pytest.mark.usefixtures("any_length")
def test_without_a_runtime_folder_they_live_in_the_temporary_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under the number of the user."""
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    assert base_folder().parent == tmp_path
    assert base_folder().name.startswith("ziggurat-")


@pytest.mark.usefixtures("any_length")
def test_a_relative_runtime_folder_counts_for_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be another one for each command that is typed elsewhere."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", "here")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    assert base_folder().parent == tmp_path


def test_a_folder_that_cannot_be_made_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to do."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/dev/null")

    with pytest.raises(WorldError, match=r"/dev/null/ziggurat cannot be made .*: set XDG_RUNTIME_DIR"):
        base_folder()


@pytest.mark.usefixtures("any_length")
@pytest.mark.parametrize("mode", [0o755, 0o770, 0o701])
def test_a_folder_that_others_may_enter_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int) -> None:
    """Whoever could write there could speak for a keeper."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / "ziggurat").mkdir()
    (tmp_path / "ziggurat").chmod(mode)

    with pytest.raises(WorldError, match="must be a folder of this user's alone"):
        base_folder()


@pytest.mark.usefixtures("any_length")
def test_a_link_in_its_place_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may lead anywhere, and its owner may change that."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "ziggurat").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(WorldError, match="must be a folder of this user's alone"):
        base_folder()


def test_a_path_that_is_too_long_for_sockets_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to do, instead of an error of a system call."""
    deep = tmp_path / ("x" * 100)
    deep.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep))

    with pytest.raises(WorldError, match="is too long a path for sockets: set XDG_RUNTIME_DIR to a shorter one"):
        base_folder()
