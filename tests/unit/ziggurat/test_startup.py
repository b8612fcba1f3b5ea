"""A start that comes to nothing before anything runs, over a keeper that is played."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from ziggurat import FREE, KeeperLost, Notify, Port, PortTaken, Service, Stack, WorldError, start
from ziggurat.surroundings import Surroundings
from ziggurat.testing import FakeLease

if TYPE_CHECKING:
    from pathlib import Path

FIXED = 9


class TakenLease(FakeLease):
    """A keeper at which one port is somebody else's."""

    def begin(self, requests: Iterable[tuple[str, Mapping[str, object]]]) -> Callable[[], list[Any]]:
        """Refuse that port."""
        asked = list(requests)
        outcomes = super().begin(asked)()
        taken = PortTaken("127.0.0.1", FIXED, 7, "somebody else")
        ports = [facts.get("port") for _, facts in asked]
        told = [taken if port == FIXED else outcome for port, outcome in zip(ports, outcomes, strict=True)]
        return lambda: told


def described(*names: str) -> Stack:
    """Return a stack whose first service has a free port, and the last one a port that may be taken."""
    services = [Service(name=name, command=("web",), ports={"http": FREE}, ready=Notify()) for name in names]
    beside = Service(name="beside", command=("web",), ports={"http": Port(number=FIXED)}, ready=Notify())
    return Stack(name="made", services=(*services, beside))


def verbs(lease: FakeLease) -> list[str]:
    """Return what was asked of a keeper."""
    return [verb for verb, _ in lease.asked]


def test_ports_go_back_where_a_log_cannot_be(tmp_path: Path) -> None:
    """It is said which one, and why."""
    with FakeLease(tmp_path) as lease:
        with pytest.raises(WorldError, match=r"the log .*/made-\d+\.w{300}\.log cannot be written: File name too long"):
            start(described("w" * 300), lease=lease)

        assert verbs(lease).count("hold") == verbs(lease).count("release") == 2
        assert "start" not in verbs(lease)


def test_a_run_whose_folder_is_gone_is_over(tmp_path: Path) -> None:
    """Nobody would remove its folder once more."""
    with FakeLease(tmp_path / "gone") as lease, pytest.raises(KeeperLost):
        start(described("web"), lease=lease)


def test_an_interruption_is_not_hidden_by_a_port_that_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which is heard of only afterwards; the other port goes back."""

    def interrupted() -> Surroundings:
        raise KeyboardInterrupt

    monkeypatch.setattr(Surroundings, "present", interrupted)
    with TakenLease(tmp_path) as lease:
        with pytest.raises(KeyboardInterrupt):
            start(described("web"), lease=lease)

        assert verbs(lease).count("release") == 1


def test_the_other_ports_go_back_where_one_is_taken(tmp_path: Path) -> None:
    """And nothing is started."""
    with TakenLease(tmp_path) as lease:
        with pytest.raises(PortTaken, match="somebody else"):
            start(described("web"), lease=lease)

        assert verbs(lease).count("release") == 1
        assert "start" not in verbs(lease)
