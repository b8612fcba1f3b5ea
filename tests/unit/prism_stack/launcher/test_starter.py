"""The starter: which program is run, with which words and variables, under which limits."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import cast

import pytest
from tests.unit.prism_stack.launcher.conftest import FakeCrew, pattern_of, wish_of

from prism_stack.launcher.crew import Crew, Job
from prism_stack.launcher.errors import LaunchFailed
from prism_stack.launcher.manifest import DEFAULT_TIMEOUT, Limits, Pattern
from prism_stack.launcher.starter import Starter, Surroundings, find_program, limiting


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program in a folder."""
    path = tmp_path / "patterns" / "keyvalue" / "runner"
    path.parent.mkdir(parents=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def surroundings(programs: Path | None = None, host: str = "127.0.0.1", **variables: str) -> Surroundings:
    """Return what every process is started with."""
    return Surroundings(launcher="127.0.0.1:7070", host=host, programs=programs, environment=variables)


def test_a_process_is_told_the_host_that_it_tells_others(program: Path) -> None:
    """Beside the address that it listens on."""
    around = Surroundings(launcher="127.0.0.1:7070", host="::", advertise="here.internal", environment={})
    words = job(pattern_of(executable=str(program)), around).argv

    assert words[words.index("--listen") + 1] == "[::]:1234"
    assert words[words.index("--advertise") + 1] == "here.internal"


def job(pattern: Pattern, around: Surroundings) -> Job:
    """Return what is asked of the keeper for a process."""
    crew = FakeCrew()
    starter = Starter(cast("Crew", crew), {"keyvalue": pattern}, around)
    spawned = starter.spawn(wish_of(), 1234)
    (asked,) = crew.jobs
    assert asked.environment["PRISM_LAUNCH_TOKEN"] == spawned.token
    return asked


def test_a_program_is_told_where_to_listen_and_whom_to_call(program: Path) -> None:
    """After the manifest's own words."""
    pattern = pattern_of(executable=str(program), arguments=("--flag", "value"))

    assert job(pattern, surroundings()).argv == (
        str(program),
        *("--flag", "value"),
        *("--listen", "127.0.0.1:1234"),
        *("--launcher", "127.0.0.1:7070"),
        *("--process-id", "ns:orders:keyvalue"),
    )
    assert "[::1]:1234" in job(pattern, surroundings(host="::1")).argv


def test_what_is_said_to_the_launcher_reaches_no_process(program: Path) -> None:
    """Its options, its notify socket; all else does, and the manifest's word is the last but for the token."""
    given = {
        "PATH": "/bin",
        "HOME": "/root",
        "PRISM_STORE": "redis://:hunter2@h:1",
        "PRISM_LAUNCH_TOKEN": "another's",
        "NOTIFY_SOCKET": "/run/notify",
    }
    own = {"HOME": "/elsewhere", "PRISM_LOG_LEVEL": "debug", "PRISM_LAUNCH_TOKEN": "mine"}
    around = Surroundings(launcher="127.0.0.1:7070", environment=given)
    asked = job(pattern_of(executable=str(program), environment=own), around)
    token = asked.environment["PRISM_LAUNCH_TOKEN"]

    assert dict(asked.environment) == {
        "PATH": "/bin",
        "HOME": "/elsewhere",
        "PRISM_LOG_LEVEL": "debug",
        "PRISM_LAUNCH_TOKEN": token,
    }
    assert token not in {"mine", "another's"}
    assert not [word for word in asked.argv if token in word]


def test_every_start_has_a_token_of_its_own(program: Path) -> None:
    """Of 256 bits."""
    tokens = {
        job(pattern_of(executable=str(program)), surroundings()).environment["PRISM_LAUNCH_TOKEN"] for _ in range(50)
    }

    assert len(tokens) == 50
    assert {len(bytes.fromhex(token)) for token in tokens} == {32}


def test_a_path_is_relative_to_the_patterns_folder(program: Path) -> None:
    """Or absolute."""
    folder = program.parent
    for name in ("./runner", "../keyvalue/runner", str(program)):
        found = find_program(pattern_of(folder=folder, executable=name), surroundings())
        assert Path(found).resolve() == program
        assert Path(found).is_absolute()


def test_a_bare_name_is_looked_for_beside_other_programs_first(program: Path, tmp_path: Path) -> None:
    """Then in PATH; never in the folder where the launcher happens to be."""
    elsewhere = tmp_path / "bin" / "runner"
    elsewhere.parent.mkdir()
    shutil.copy(program, elsewhere)
    pattern = pattern_of(executable="runner")

    assert find_program(pattern, surroundings(program.parent, PATH=str(elsewhere.parent))) == str(program)
    assert find_program(pattern, surroundings(tmp_path, PATH=str(elsewhere.parent))) == str(elsewhere)
    assert find_program(pattern, surroundings(PATH=str(elsewhere.parent))) == str(elsewhere)


def test_a_program_that_is_not_there_is_named_with_where_it_was_looked_for(tmp_path: Path) -> None:
    """In both ways of naming it."""
    with pytest.raises(LaunchFailed, match=rf"no program runner \(looked at {tmp_path}/runner and in PATH\)"):
        find_program(pattern_of(executable="runner"), surroundings(tmp_path, PATH="/no/such"))
    with pytest.raises(LaunchFailed, match=rf"no program ./runner \(looked at {tmp_path}/runner"):
        find_program(pattern_of(folder=tmp_path, executable="./runner"), surroundings())
    with pytest.raises(LaunchFailed, match="no program runner"):
        find_program(pattern_of(executable="runner"), surroundings(PATH=""))


@pytest.mark.parametrize("kind", ["not executable", "folder"])
def test_a_program_that_cannot_be_run_is_named(tmp_path: Path, kind: str) -> None:
    """With its path."""
    path = tmp_path / "runner"
    path.mkdir() if kind == "folder" else path.write_text("#!/bin/sh\n")
    with pytest.raises(LaunchFailed, match=str(path)):
        find_program(pattern_of(folder=tmp_path, executable="./runner"), surroundings())


def test_a_pattern_that_is_no_longer_there_starts_nothing() -> None:
    """After a restart of the launcher with other patterns; such a process gets the default time to come up."""
    starter = Starter(cast("Crew", FakeCrew()), {}, surroundings())
    with pytest.raises(LaunchFailed, match="pattern keyvalue is no longer there"):
        starter.spawn(wish_of(), 1)

    assert starter.timeout(wish_of()) == DEFAULT_TIMEOUT.total_seconds()


def test_limits_are_set_by_a_program_that_gives_way_to_the_other(program: Path) -> None:
    """So that the pid stays the process's; without limits there is none."""
    assert limiting(Limits()) == ()
    wrapper = shutil.which("prlimit")
    assert limiting(Limits(open_files=64)) == (wrapper, "--nofile=64", "--")
    both = pattern_of(executable=str(program), limits=Limits(open_files=64, memory=1 << 20))
    assert job(both, surroundings()).argv[:5] == (wrapper, "--nofile=64", "--as=1048576", "--", str(program))


def test_limits_need_the_program_that_sets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is missing, nothing is started without its limits."""
    monkeypatch.setenv("PATH", "/no/such")
    with pytest.raises(LaunchFailed, match="prlimit"):
        limiting(Limits(open_files=64))
