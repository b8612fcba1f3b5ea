"""Launching by hand: a process is started, found, asked to stop, and can be launched again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prism.launcher.launcher_pb2 import STATE_RUNNING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.prism_launcher.conftest import Launcher


def test_a_launched_process_is_up_with_its_address(launcher: Launcher) -> None:
    """The answer comes once it has been heard of."""
    answer = launcher.launch(config={"max_keys": "7"})
    info = launcher.processes()["ns:orders:speaker"]

    assert (answer.process_id, answer.state, answer.healthy, answer.error) == (
        "ns:orders:speaker",
        STATE_RUNNING,
        True,
        "",
    )
    assert answer.address == info.address
    assert info.pid == launcher.at_keeper()["ns:orders:speaker"]
    launcher.log_of().wait_for(r"greeted orders \{'backend_config': \{'max_keys': '7'\}\}")


def test_a_terminated_process_drains_and_is_gone(launcher: Launcher, alive: Callable[[int], bool]) -> None:
    """It is asked to stop, says what it has done, and its id can be launched again at once."""
    launcher.launch()
    pid = launcher.at_keeper()["ns:orders:speaker"]
    log = launcher.log_of()
    assert launcher.terminate().success
    assert not alive(pid)
    assert launcher.processes() == {}
    log.wait_for("asked to stop 10")
    assert launcher.launch().healthy
