"""What has to be known after a crash of the launcher: a file of this user's alone, replaced as a whole."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from prism_stack.launcher.errors import StateFailed, StateHeld
from prism_stack.launcher.life import Life, Stage
from prism_stack.launcher.policy import Failures
from prism_stack.launcher.process import Process
from prism_stack.launcher.wish import Proxy, Wish

PRIVATE = 0o600


class StateFile:
    """The processes as they were last saved, with the tag of the keeper's run that had them."""

    def __init__(self, path: Path, run: str) -> None:
        self._path = path
        self._run = run

    def save(self, processes: Iterable[Process]) -> None:
        """Replace the file; raise `StateFailed`, with the old one as it was."""
        content = json.dumps({"run": self._run, "processes": [_as_json(process) for process in processes]})
        fresh = self._path.with_suffix(".new")
        try:
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE), "w") as file:
                file.write(content)
            fresh.replace(self._path)
        except OSError as error:
            raise StateFailed(self._path, error) from error

    def load(self) -> list[Process]:
        """Return what was saved in this run of the keeper; nothing where that was another one, or cannot be read."""
        try:
            content = json.loads(self._path.read_text())
            return [_from_json(each) for each in content["processes"]] if content["run"] == self._run else []
        except (OSError, ValueError, KeyError, TypeError):
            return []


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a state file for this process alone; raise `StateHeld` where another one has it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE), "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StateHeld(path, file.read().strip()) from error
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield


def _as_json(process: Process) -> dict[str, Any]:
    told = asdict(process)
    told["life"]["stage"] = process.life.stage.name
    return told


def _from_json(told: dict[str, Any]) -> Process:
    wish, life = told["wish"], told["life"]
    wish["proxies"] = tuple(Proxy(**each) for each in wish["proxies"])
    failures = Failures(in_row=life["failures"]["in_row"], at=tuple(life["failures"]["at"]))
    life = Life(**{**life, "stage": Stage[life["stage"]], "failures": failures})
    return Process(**{**told, "wish": Wish(**wish), "life": life})
