"""Which runs are dead: by pid and start time."""

import os
from pathlib import Path

import pytest

from ziggurat.keeper import processes, sweep

HERE = os.getpid()


def test_a_run_that_was_just_recorded_lives(tmp_path: Path) -> None:
    """As long as its keeper or its warden does."""
    sweep.record(str(tmp_path), "tag", HERE, HERE)

    assert sweep.dead_run(str(tmp_path)) == ""
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize(
    ("keeper", "warden", "tag"),
    [
        ((HERE, 0), (HERE, 0), "tag"),
        ((HERE, processes.start_time(HERE) + 1), (HERE, 1), "tag"),
        ((HERE, processes.start_time(HERE)), (HERE, 1), ""),
        ((HERE, 1), (HERE, processes.start_time(HERE)), ""),
    ],
    ids=["recorded as a zombie", "pids used again", "keeper lives", "warden lives"],
)
def test_a_pid_alone_is_no_proof_of_life(
    tmp_path: Path, keeper: tuple[int, int], warden: tuple[int, int], tag: str
) -> None:
    """It may be used again, by anybody."""
    (tmp_path / "run").write_text(" ".join(map(str, ("tag", *keeper, *warden))))

    assert sweep.dead_run(str(tmp_path)) == tag


@pytest.mark.parametrize("text", ["", "tag", "tag 1 2 3", "tag a b c d", "tag 1 2 3 4 5", "\xff"])
def test_a_record_that_cannot_be_read_is_left_alone(tmp_path: Path, text: str) -> None:
    """It may be being written, or be another version's; and the sweep goes on."""
    (tmp_path / "run").write_bytes(text.encode("latin-1"))

    assert sweep.dead_run(str(tmp_path)) == ""


def test_only_folders_of_dead_runs_are_removed(tmp_path: Path) -> None:
    """Not links, lock files or what is no run at all."""
    for name in ("dead", "living", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / "dead" / "run").write_text("nobody-has-this-tag 1 1 1 1")
    sweep.record(str(tmp_path / "living"), "tag", HERE, HERE)
    (tmp_path / "link").symlink_to(tmp_path / "dead")
    (tmp_path / "name.lock").touch()

    sweep.sweep(str(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "living", "name.lock", "other"]
