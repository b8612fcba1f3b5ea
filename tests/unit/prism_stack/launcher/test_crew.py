"""The crew: what is asked of a keeper, and what of its news is this launcher's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, cast

import pytest

from prism_stack.launcher.crew import Crew, Exit, Job
from prism_stack.launcher.errors import LaunchFailed
from ziggurat import KeeperError, Lease, PortTaken, ProgramNotFound

JOB = Job(process_id="ns:a:k", argv=("/bin/true",), environment={"A": "b"})


@dataclass
class FakeLease:
    """A keeper that answers from a script."""

    folder: Path
    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    news: list[dict[str, Any]] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    @property
    def about_keeper(self) -> dict[str, str]:
        """Return who the keeper is."""
        return {"run": "r1"}

    def ask(self, verb: str, **facts: Any) -> Any:  # noqa: ANN401 - each verb has an answer of its own
        """Answer."""
        self.asked.append((verb, facts))
        answer = self.answers.get(verb)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def tell(self, verb: str, **facts: Any) -> None:  # noqa: ANN401
        """Take note."""
        self.asked.append((verb, facts))

    def events(self) -> list[dict[str, Any]]:
        """Return what happened."""
        taken, self.news = self.news, []
        return taken

    def end(self) -> None:
        """Take note that everything is to end."""
        self.ended.append("end")

    def close(self) -> None:
        """Take note that the connection is closed."""
        self.ended.append("close")


@pytest.fixture
def lease(tmp_path: Path) -> FakeLease:
    """A keeper."""
    return FakeLease(tmp_path)


@pytest.fixture
def crew(lease: FakeLease) -> Crew:
    """The crew of a launcher in a stack."""
    return Crew(cast("Lease", lease), "full.launcher/")


def exited(name: str, pid: int, status: int) -> list[dict[str, Any]]:
    """Return the news of an end."""
    return [
        {"event": "exited", "service": name, "pid": pid, "status": status},
        {"event": "gone", "service": name},
    ]


def test_an_end_is_told_once_the_whole_tree_is_gone(crew: Crew, lease: FakeLease) -> None:
    """Not when its main process is."""
    first, last = exited("full.launcher/ns:a:k", 7, 3)
    lease.news = [first]
    assert crew.exits() == []
    lease.news = [last]
    assert crew.exits() == [Exit(process_id="ns:a:k", pid=7, status=3)]
    lease.news = [last]
    assert crew.exits() == []


def test_what_others_started_is_none_of_it(crew: Crew, lease: FakeLease) -> None:
    """The services of the stack, and another launcher's processes."""
    lease.news = [*exited("full.proxy", 1, 1), *exited("other.launcher/ns:a:k", 2, 1), {"event": "grew"}]
    assert crew.exits() == []
    lease.answers["list"] = [
        {"name": "full.launcher/ns:a:k", "pid": 7, "started": 70, "state": "running", "exit_status": None},
        {"name": "full.launcher/ns:b:k", "pid": 8, "started": 80, "state": "stopping", "exit_status": None},
        {"name": "full.launcher/ns:c:k", "pid": 9, "started": 0, "state": "exited", "exit_status": -9},
        {"name": "full.launcher", "pid": 1, "started": 10, "state": "running", "exit_status": None},
        {"name": "other.launcher/ns:a:k", "pid": 2, "started": 20, "state": "running", "exit_status": None},
    ]

    assert crew.running() == {"ns:a:k": (7, 70), "ns:b:k": (8, 80)}
    assert crew.statuses() == {"ns:c:k": -9}


def test_a_start_is_asked_for_under_the_launchers_name(crew: Crew, lease: FakeLease) -> None:
    """With a log of its own, and a moment to end in when its stack is gone."""
    lease.answers["start"] = {"pid": 0}
    assert crew.spawn(JOB) == (0, 0)

    ((_, facts),) = lease.asked
    spec = facts["spec"]
    assert (spec["name"], spec["argv"], spec["env"]) == ("full.launcher/ns:a:k", ["/bin/true"], {"A": "b"})
    assert Path(spec["log"]).parent == lease.folder
    assert spec["on_orphan"] == "terminate"


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (ProgramNotFound("x", "/bin/no", "No such file"), "/bin/no: No such file"),
        (KeeperError("running", "x is already there"), "x is already there"),
    ],
)
def test_a_start_that_is_refused_says_why(crew: Crew, lease: FakeLease, refusal: Exception, said: str) -> None:
    """With the path."""
    lease.answers["start"] = refusal
    with pytest.raises(LaunchFailed, match=said):
        crew.spawn(JOB)


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (PortTaken("127.0.0.1", 80, 7, "nginx"), "nginx"),
        (KeeperError("bind", "cannot bind 10.9.9.9:0"), "cannot bind 10.9.9.9:0"),
    ],
    ids=["taken", "another machine's"],
)
def test_a_port_that_cannot_be_had_is_a_failed_launch(
    crew: Crew, lease: FakeLease, refusal: Exception, said: str
) -> None:
    """And no internal error."""
    lease.answers["hold"] = refusal
    with pytest.raises(LaunchFailed, match=said):
        crew.hold("127.0.0.1", 80)


def test_an_end_of_what_the_keeper_does_not_know_is_one(
    crew: Crew, lease: FakeLease, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was forgotten by a launcher that was killed right then; any other refusal is none."""
    monkeypatch.setattr("prism_stack.launcher.crew.leases.connect", lambda _: lease)
    lease.answers["stop"] = {"exit_status": -15}
    assert crew.end("ns:a:k", [(15, 1.0)]) == -15
    lease.answers["stop"] = KeeperError("no-service", "there is no service")
    assert crew.end("ns:a:k", []) == 0
    lease.answers["stop"] = KeeperError("internal", "oh")
    with pytest.raises(KeeperError):
        crew.end("ns:a:k", [])


def test_a_keeper_of_its_own_ends_with_its_launcher(lease: FakeLease, crew: Crew) -> None:
    """Any other goes on."""
    crew.close()
    own = Crew(cast("Lease", lease), "")
    own.close()

    assert (crew.is_own, own.is_own) == (False, True)
    assert lease.ended == ["close", "end"]


@pytest.fixture
def wrote(crew: Crew) -> Callable[[bytes], str]:
    """Say what are the last words of a process that wrote some bytes."""

    def words(content: bytes) -> str:
        crew.log("ns:a:k").path.write_bytes(content)
        return crew.last_words("ns:a:k", 0)

    return words


def test_the_last_words_are_the_last_lines_as_one(wrote: Callable[[bytes], str]) -> None:
    """None where there are none."""
    assert wrote(b"") == ""
    assert wrote(b"".join(b"line %d\n" % number for number in range(9))) == "line 4 | line 5 | line 6 | line 7 | line 8"


def test_the_last_words_can_be_shown_whatever_they_are(wrote: Callable[[bytes], str]) -> None:
    """No control characters, and of a long line its end."""
    assert wrote(b"\x1b[31mred\x07\n\xff") == "[31mred | \N{REPLACEMENT CHARACTER}"
    assert wrote(b"x" * 9999 + b"end") == "x" * 497 + "end"


def test_processes_never_share_a_log(crew: Crew) -> None:
    """Of namespaces and patterns that look alike."""
    ids = ["ns:a:b", "ns:a-b:c", "ns:a:b-c", "shared:a_b", "shared:a-b", "ns:a:b_c", "shared:a.b"]

    assert len({crew.log(process_id).path for process_id in ids}) == len(ids)
