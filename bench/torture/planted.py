"""Bugs that are planted in a copy of the toolkit, to prove that the campaign sees them.

    python -m bench.torture.planted [ROW ...]

Each is a few words changed; the row that it is planted for must then call its promise broken.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.failure import MeasurementFailed
from bench.torture.scene import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

BROKEN = "BROKEN"
PATIENCE = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bug:
    """What is changed, and how hard the row must try to see it."""

    what: str
    row: str
    trials: int
    file: str
    changes: tuple[tuple[str, str], ...]


BUGS = (
    Bug(
        what="a keeper that does not mind its owner's end",
        row="survival",
        trials=8,
        file="keeper/keeper.py",
        changes=(
            ("self._connections.discard(connection)\n        self.end()", "self._connections.discard(connection)"),
            ("self._loop.once(descriptor, self.end)", "pass"),
        ),
    ),
    Bug(
        what="a keeper that does not mind its warden's end",
        row="survival",
        trials=24,
        file="keeper/warden.py",
        changes=(("loop.once(alive, keeper.end)", "pass"),),
    ),
    Bug(
        what="a warden that leaves what its keeper left",
        row="survival",
        trials=8,
        file="keeper/warden.py",
        changes=(("while _reap_and_kill():", "while False:"),),
    ),
    Bug(
        what="a folder that nobody removes",
        row="survival",
        trials=8,
        file="keeper/warden.py",
        changes=(("shutil.rmtree(folder, ignore_errors=True)", "pass"),),
    ),
    Bug(
        what="ports that are picked and not held",
        row="collision",
        trials=3200,
        file="keeper/ports.py",
        changes=(("[holder.detach(), *locks]", "[*locks]"),),
    ),
    Bug(
        what="sockets that are not used again",
        row="drift",
        trials=20,
        file="keeper/notify.py",
        changes=(("self._free.append(notify)", "pass"),),
    ),
    Bug(
        what="a log without a bound",
        row="blockage",
        trials=64,
        file="keeper/logs.py",
        changes=(("size - self.dropped > self._bound + SLACK", "False"),),
    ),
    Bug(
        what="a probe that takes any status for a good one",
        row="ready",
        trials=1,
        file="probe.py",
        changes=(('if status == "SERVING":', "if status:"),),
    ),
    Bug(
        what="a probe that takes any answer for success",
        row="ready",
        trials=1,
        file="http_check.py",
        changes=(("def is_success(status: str) -> bool:", "def is_success(status: str) -> bool:\n    return True\n"),),
    ),
)


def main(rows: Sequence[str]) -> int:
    """Plant each bug alone, and see whether its row sees it."""
    unseen = 0
    for bug in BUGS:
        if not rows or bug.row in rows:
            seen = is_seen(bug)
            unseen += not seen
            print(f"{'seen' if seen else 'NOT SEEN':>8}  {bug.row:9}  {bug.what}", flush=True)
    return 1 if unseen else 0


def is_seen(bug: Bug) -> bool:
    """Say whether the campaign calls a promise broken with this bug in the toolkit."""
    with tempfile.TemporaryDirectory() as name:
        source = Path(name) / "src"
        shutil.copytree(ROOT / "src", source)
        plant(bug, source / "ziggurat" / bug.file)
        ended = subprocess.run(
            [sys.executable, "-m", "bench.torture", bug.row, "--trials", str(bug.trials), "--seed", "1"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(source)},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    return ended.returncode == 1 and BROKEN in ended.stdout


def plant(bug: Bug, file: Path) -> None:
    """Change the words; every one of them must be there."""
    text = file.read_text()
    for old, new in bug.changes:
        if old not in text:
            raise MeasurementFailed(f"{bug.file} has no {old!r} any more: plant {bug.what} anew")
        text = text.replace(old, new)
    file.write_text(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
