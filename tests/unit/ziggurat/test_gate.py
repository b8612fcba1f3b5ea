"""Is the running stack one to test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pytest

from ziggurat import gate
from ziggurat.errors import SpecError
from ziggurat.gate import Gate, load, unfit
from ziggurat.spec import Service, Stack

if TYPE_CHECKING:
    from ziggurat.service import RunningService

MADE = Gate(stack=Stack(name="made", services=(Service(name="web", command=("web",)),)), start="up", stop="down")
NO_GATE = 5


def made() -> Gate:
    """Return a gate that is made when it is asked for."""
    return MADE


@dataclass
class FakeService:
    """What the gate looks at."""

    known: dict[str, Any]
    name: str = "web"

    def facts(self) -> dict[str, Any]:
        """Return what the keeper would."""
        return {"program": "/no/such/program", **self.known}


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"state": "exited"}, "web is exited"),
        ({"state": "waiting"}, "web is waiting"),
        ({"state": "removed", "pid": 0}, "web is removed"),
        ({"state": "running", "paused": True}, "web stands still (SIGSTOP)"),
        (
            {"state": "running", "paused": False, "build_id": "0123456789abcdef"},
            "web runs build 0123456789ab, but without an id is built now",
        ),
        ({"state": "running", "paused": False, "build_id": ""}, ""),
    ],
)
def test_a_service_is_fit_if_it_runs_what_is_built_now(facts: dict[str, Any], reason: str) -> None:
    """Else there is a reason, in words for a person."""
    assert unfit(cast("RunningService", FakeService(facts))) == reason


@pytest.mark.parametrize("name", ["MADE", "made"])
def test_a_gate_is_loaded_by_its_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value, or a function that returns one."""
    monkeypatch.setattr(gate, "MADE", MADE, raising=False)
    monkeypatch.setattr(gate, "made", made, raising=False)

    assert load(f"ziggurat.gate:{name}") == MADE


@pytest.mark.parametrize("place", ["no_such_module:gate", "ziggurat.gate:nothing", "sys:path", "sys"])
def test_a_gate_that_cannot_be_loaded_is_an_error_with_the_setting(place: str) -> None:
    """A person reads it in the output of pytest."""
    with pytest.raises(SpecError, match=f"^ziggurat_gate = {place}: "):
        load(place)
