"""What a service is started with: arguments, folder, variables, descriptors and signals."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import pytest

from ziggurat import FREE, Lease, Service, SpecError, Stack, start

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Program = Callable[..., tuple[str, ...]]


def surroundings(lease: Lease, service: Service) -> dict[str, Any]:
    """Start a tell_surroundings.py and return what it told."""
    with start(Stack(name="told", services=(service,)), lease=lease) as stack:
        told: dict[str, Any] = json.loads(stack[service.name].log.wait_for(r"^\{.*\}$")[0])
        return told


def told(lease: Lease, program: Program, *words: str, env: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Start a tell_surroundings.py with these words and variables."""
    return surroundings(lease, Service(name="tells", command=program("tell_surroundings", *words), env=env or {}))


@pytest.mark.parametrize("word", ["", " ", "a b", "$HOME", "'", '"', "\\", "*", "{{x}}", "\N{SNOWMAN}", "\n"])
def test_each_word_arrives_as_it_was_written(lease: Lease, program: Program, word: str) -> None:
    """There is no shell in between; doubled braces are single ones."""
    assert told(lease, program, word)["arguments"] == [word.replace("{{", "{").replace("}}", "}")]


def test_variables_are_added_to_those_of_the_caller(
    lease: Lease, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the run's tag and the notify socket to those."""
    monkeypatch.setenv("FROM_CALLER", "kept")
    monkeypatch.setenv("BOTH", "caller")
    environment = told(lease, program, env={"OWN": "x=y", "BOTH": "own", "EMPTY": ""})["environment"]

    assert (environment["FROM_CALLER"], environment["OWN"], environment["EMPTY"]) == ("kept", "x=y", "")
    assert environment["BOTH"] == "own"
    assert environment["ZIGGURAT_RUN"] == lease.about_keeper["run"]
    assert environment["NOTIFY_SOCKET"].startswith(str(lease.folder))


@pytest.mark.parametrize("env", [{"A=B": "x"}, {"A": "nul\0byte"}, {"": "x"}])
def test_variables_that_cannot_be_are_refused(lease: Lease, program: Program, env: dict[str, str]) -> None:
    """And the keeper goes on."""
    with pytest.raises(SpecError, match=r"illegal environment variable name|embedded null byte"):
        told(lease, program, env=env)

    assert lease.ask("list") == []


def test_the_working_folder_is_the_declared_one(
    lease: Lease, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path that begins at the present folder begins at that of whoever described the service."""
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path)
    service = Service(name="tells", command=program("tell_surroundings"), cwd=(tmp_path / "sub").relative_to(tmp_path))

    assert surroundings(lease, service)["folder"] == str(tmp_path / "sub")


def test_a_service_has_three_descriptors(lease: Lease, program: Program) -> None:
    """Nothing to read, and its log; none of the keeper's, whatever that has open."""
    for _ in range(3):
        lease.ask("hold", host="127.0.0.1", port=0)
    service = Service(name="tells", command=program("tell_surroundings"), ports={"http": FREE})
    descriptors = surroundings(lease, service)["descriptors"]

    assert descriptors["0"] == "/dev/null"
    assert descriptors["1"] == descriptors["2"]
    assert descriptors["1"].endswith(".log")
    assert descriptors.keys() - {"0", "1", "2"} == set()


def test_a_service_starts_with_all_signals_as_usual(lease: Lease, program: Program) -> None:
    """Neither blocked nor ignored, whatever pytest or Python made of them; two Python ignores by itself."""
    facts = told(lease, program)

    assert facts["blocked"] == []
    assert set(facts["ignored"]) <= {signal.SIGPIPE, signal.SIGXFSZ}
    assert facts["leads_session"]
