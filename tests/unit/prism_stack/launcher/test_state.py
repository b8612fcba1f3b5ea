"""The state file: what was saved is found again, for its owner alone, and by one launcher at a time."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path

import pytest
from tests.unit.prism_stack.launcher.conftest import process_of, wish_of

from prism_stack.launcher.errors import StateFailed, StateHeld
from prism_stack.launcher.life import Life, Stage
from prism_stack.launcher.policy import Failures
from prism_stack.launcher.process import Process
from prism_stack.launcher.state import StateFile, held
from prism_stack.launcher.wish import Proxy

RICH = Process(
    wish=wish_of(
        version=7,
        port=9,
        config={"backend": "redis", "backend_config": {"url": "redis://h:1"}},
        proxies=(Proxy(id="p1", address="h:1"), Proxy(id="p2", address="h:2")),
        grace=2.5,
    ),
    life=Life(
        stage=Stage.TERMINATING,
        pid=100,
        start_time=7,
        token="secret",  # noqa: S106 - none
        spawned_at=1.5,
        due=float("inf"),
        data_endpoint="h:3",
        control_endpoint="h:4",
        is_greeted=True,
        is_healthy=True,
        heard_at=2.5,
        restarts=3,
        errors=4,
        last_error="x",
        doom="y",
        failures=Failures(in_row=2, at=(1.0, 2.0)),
    ),
    port=9,
    log_start=11,
    purge=True,
)


def test_what_was_saved_is_found_again(tmp_path: Path) -> None:
    """Every field, in every stage."""
    processes = [RICH, *(process_of(stage, f"ns:{stage.name.lower()}:keyvalue") for stage in Stage)]
    state = StateFile(tmp_path / "state.json", "run")
    state.save(processes)

    assert state.load() == processes
    state.save([])
    assert state.load() == []


def test_it_is_for_its_owner_alone_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    """Whatever the umask is: it holds tokens."""
    before = os.umask(0)
    try:
        StateFile(tmp_path / "state.json", "run").save([RICH])
        with held(tmp_path / "new" / "state.json"):
            pass
    finally:
        os.umask(before)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"state.json": 0o600, "new": 0o700}
    assert stat.S_IMODE((tmp_path / "new" / "state.lock").stat().st_mode) == 0o600


def test_what_another_run_had_is_nothing(tmp_path: Path) -> None:
    """Its keeper is gone, and all processes with it."""
    StateFile(tmp_path / "state.json", "before").save([RICH])

    assert StateFile(tmp_path / "state.json", "now").load() == []


@pytest.mark.parametrize("drop", ["run", "processes"])
def test_a_state_that_lacks_something_is_nothing(tmp_path: Path, drop: str) -> None:
    """As one that was never written."""
    path = tmp_path / "state.json"
    StateFile(path, "run").save([RICH])
    content = json.loads(path.read_text())
    del content[drop]
    path.write_text(json.dumps(content))

    assert StateFile(path, "run").load() == []


def test_a_state_torn_anywhere_is_nothing(tmp_path: Path) -> None:
    """It is replaced as a whole; whoever tore it was somebody else."""
    path = tmp_path / "state.json"
    state = StateFile(path, "run")
    assert state.load() == []
    state.save([RICH])
    whole = path.read_bytes()
    for length in range(0, len(whole), 13):
        path.write_bytes(whole[:length])
        assert state.load() == []


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe",
        b"null",
        b"[]",
        b'"run"',
        b'{"run": "run", "processes": 3}',
        b'{"run": "run", "processes": ["x"]}',
        b'{"run": "run", "processes": [{}]}',
        b'{"run": "run", "processes": [{"wish": [], "life": []}]}',
        b'{"run": "run", "processes": [{"wish": {"proxies": [1]}, "life": {}}]}',
    ],
)
def test_garbage_is_nothing(tmp_path: Path, content: bytes) -> None:
    """Of whatever kind."""
    path = tmp_path / "state.json"
    path.write_bytes(content)

    assert StateFile(path, "run").load() == []


def test_what_cannot_be_written_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the file and the cause."""
    path = tmp_path / "state.json"
    state = StateFile(path, "run")
    state.save([RICH])

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StateFailed, match=f"the launcher's state {path} cannot be written: No space left") as failed:
        state.save([])

    assert failed.value.path == path
    assert state.load() == [RICH]


def test_a_state_is_held_by_one_and_names_it(tmp_path: Path) -> None:
    """Until it lets go; the lock of one that was killed binds nobody."""
    path = tmp_path / "state.json"
    with held(path), pytest.raises(StateHeld) as refused, held(path):
        pass
    assert refused.value.pid == str(os.getpid())
    assert f"held by another launcher (pid {os.getpid()})" in str(refused.value)

    (tmp_path / "state.lock").write_text("999999999")
    with held(path):
        assert (tmp_path / "state.lock").read_text() == str(os.getpid())
