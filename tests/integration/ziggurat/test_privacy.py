"""What a run leaves on the disk is this user's alone."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from ziggurat import Notify, Service, Stack, start

if TYPE_CHECKING:
    from collections.abc import Callable

    from ziggurat import Lease


def test_sockets_and_files_of_a_run_can_be_used_by_its_user_alone(
    lease: Lease, program: Callable[..., tuple[str, ...]]
) -> None:
    """The keeper's socket, those on which services say that they are ready, their logs, and who owns the run."""
    service = Service(name="serves", command=program("serve", "127.0.0.1:0"), ready=Notify())
    with start(Stack(name="private", services=(service,)), lease=lease, log_folder=lease.folder):
        modes = {path.name: stat.S_IMODE(path.lstat().st_mode) for path in lease.folder.iterdir() if not path.is_dir()}

    assert {"keeper.sock", "n1", "run"} <= modes.keys()
    assert modes == dict.fromkeys(modes, 0o600)
