"""One stack for all workers of a run: who starts it, who has it, and what a person reads when it fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Write = Callable[[str, str], Path]
    Run = Callable[..., pytest.RunResult]


@dataclass(frozen=True, slots=True)
class Notes:
    """What the tests of the project wrote down, a line each."""

    folder: Path

    def read(self, name: str) -> list[str]:
        """Return the lines of one kind; none where nobody wrote any."""
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []


STACKS = """

import os
from dataclasses import replace
from ziggurat import wait_until

def note(name, line=""):
    with (HERE / name).open("a") as file:
        file.write(f"{line}\\n")

def shop():
    note("started", os.getpid())
    return stack("speak_when_asked", name="shop")

def late():
    note("started", os.getpid())
    made = stack("speak_when_asked", name="late")
    waits = 'tries=2000; until [ -e free ] || [ $((tries -= 1)) = 0 ]; do sleep 0.01; done; exec "$0" "$@"'
    command = ("/bin/sh", "-c", waits, *made.services[0].command)
    web = replace(made.services[0], command=command, cwd=Path(), start_seconds=30, env={"WHO": os.environ["WHO"]})
    return replace(made, services=(web,))

def frail():
    room = HERE / "room"
    room.mkdir()
    made = stack(name="frail")
    return replace(made, services=(replace(made.services[0], cwd=room),))

def bad():
    return stack("exit_at_once", "64", "bad flag: --speed", name="bad")
"""
CONFTEST = """
    import os
    import socket

    import pytest
    from stacks import note

    @pytest.fixture(scope="module")
    def ask(shop):
        def asked(words):
            endpoint = shop["web"].endpoint("http")
            with socket.create_connection((endpoint.host, endpoint.port), timeout=5) as link:
                link.sendall(words.encode() + b"\\n")
                assert link.recv(100)
        return asked
"""


@pytest.fixture
def notes(project: pytest.Pytester, write: Write, monkeypatch: pytest.MonkeyPatch) -> Notes:
    """A project with the run stacks ``shop``, ``bad`` and ``frail``, whose tests write notes."""
    monkeypatch.setenv("PYTEST_PLUGINS", "ziggurat.pytest_plugin,xdist")
    declare(project, "shop=stacks:shop", "bad=stacks:bad", "frail=stacks:frail")
    with (project.path / "stacks.py").open("a") as file:
        file.write(STACKS)
    write("conftest.py", CONFTEST)
    return Notes(project.path)


def declare(project: pytest.Pytester, *lines: str) -> None:
    """Declare run stacks in the project's settings."""
    settings = project.path / "pyproject.toml"
    kept = [line for line in settings.read_text().splitlines() if not line.startswith("ziggurat_run_stacks")]
    settings.write_text("\n".join([*kept, f"ziggurat_run_stacks = {list(lines)}", ""]))


MODES = [
    ("-n0",),
    *(("-n2", "--dist", mode) for mode in ("load", "worksteal", "loadfile", "loadscope", "loadgroup")),
]


@pytest.mark.parametrize("words", MODES, ids=lambda words: words[-1].removeprefix("-"))
def test_a_run_has_one_stack_however_its_tests_are_spread(
    notes: Notes,
    write: Write,
    run: Run,
    project: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
) -> None:
    """It starts while tests are collected, holds up nobody who needs none, and serves all ways of asking for it."""
    declare(project, "shop=stacks:late")
    monkeypatch.setenv("WHO", "the caller")
    free = """
        import pytest
        from stacks import note

        @pytest.mark.parametrize("number", range(7))
        def test_free(number, monkeypatch, tmp_path):
            monkeypatch.chdir(tmp_path)
            monkeypatch.delenv("WHO")
            note("free")
    """
    # More tests than the others have: by file and by scope the largest comes first.
    write("integration/test_a.py", free)
    body = """
        import os
        import pytest
        from stacks import HERE, note
        from ziggurat import wait_until

        {wait}

        def tell(shop, name):
            note("pids", shop["web"].pid)
            note("workers", os.environ.get("PYTEST_XDIST_WORKER"))
            note("names", name)

        @pytest.mark.parametrize("number", range(4))
        def test_by_fixture(shop, number, test_namespace):
            tell(shop, test_namespace)

        def test_by_request(request, test_namespace):
            tell(request.getfixturevalue("shop"), test_namespace)

        def test_by_another_fixture(ask, shop, test_namespace):
            ask("hello")
            tell(shop, test_namespace)
    """
    waits = "wait_until((HERE / 'started').exists, seconds=20, what='a start during collection')"
    write("integration/test_b.py", body.format(wait=""))
    write("integration/test_c.py", body.format(wait=waits))
    run(*words).assert_outcomes(passed=19)

    assert len(notes.read("started")) == len(set(notes.read("pids"))) == 1
    assert len(set(notes.read("names"))) == 12
    assert len(set(notes.read("workers"))) == (1 if words == ("-n0",) else 2)


def test_a_run_that_needs_no_stack_starts_none(notes: Notes, write: Write, run: Run) -> None:
    """Whatever other tests were collected."""
    write("integration/test_a.py", "def test_with(shop): pass\n\ndef test_without(): pass\n")
    run("-n1", "-k", "without").assert_outcomes(passed=1)
    run("-n0", "--collect-only")

    assert notes.read("started") == []


@pytest.mark.parametrize("words", MODES, ids=lambda words: words[-1].removeprefix("-"))
def test_who_has_the_stack_alone_meets_nobody_and_may_break_it(
    notes: Notes, write: Write, run: Run, words: tuple[str, ...]
) -> None:
    """It is whole again, at its address, for whoever comes next; who shares it meets others, and may not touch it."""
    workers = 1 if words == ("-n0",) else 2
    source = f"""
        import os
        import time
        import pytest
        from stacks import HERE, note
        from ziggurat import Limits, NotExclusive, wait_until

        WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")

        @pytest.fixture
        def told(request):
            began = time.monotonic_ns()
            yield
            note("times", f"{{WORKER}} {{request.node.name}} {{began}} {{time.monotonic_ns()}}")

        def all_are_here():
            return len(list(HERE.glob("here-*"))) == {workers}

        @pytest.mark.parametrize("number", range(4))
        def test_shared(ask, shop, told, number):
            (HERE / f"here-{{WORKER}}").touch()
            wait_until(all_are_here, seconds=20, what="the first test of each worker")
            ask("hello")
            note("addresses", shop.address("web.http"))

        @pytest.mark.exclusive
        @pytest.mark.parametrize("number", range(2))
        def test_alone(ask, shop, told, number):
            ask("hello")
            shop["web"].kill()
            if number:
                shop["web"].restart()

        def test_may_not(shop):
            with pytest.raises(NotExclusive, match="web belongs to the run stack shop"):
                shop["web"].kill()
            with pytest.raises(NotExclusive), shop["web"].paused():
                pass
            with pytest.raises(NotExclusive), shop["web"].limited(Limits(open_files=64)):
                pass
    """
    # Where a file stays together, each worker has one.
    write("integration/test_a.py", source)
    write("integration/test_b.py", source)
    run(*words).assert_outcomes(passed=14)
    lines = [line.split() for line in notes.read("times")]
    times = [(name, int(began), int(ended)) for _, name, began, ended in lines]
    met = [(name, sum(start < ended and began < end for _, start, end in times) - 1) for name, began, ended in times]

    assert len(notes.read("started")) == len(set(notes.read("addresses"))) == 1
    assert len({worker for worker, *_ in lines}) == workers
    assert [others for name, others in met if name.startswith("test_alone")] == [0, 0, 0, 0]
    assert any(others for _, others in met) == (workers == 2)


def test_what_went_wrong_is_told_in_full_once_and_to_each_test_in_short(notes: Notes, write: Write, run: Run) -> None:
    """Stacks that do not start, cannot be restored, or lose a service in a test and are whole again for the next."""
    source = """
        import os, pytest

        def test_bad_first(bad): pass
        def test_bad_second(bad): pass
        def test_crash(shop): os.kill(shop["web"].pid, 9)
        def test_after(ask): ask("hello")

        @pytest.mark.exclusive("ship")
        def test_wrong_mark(): pass

        @pytest.mark.exclusive
        def test_breaks(frail):
            os.rmdir(frail["web"].spec.cwd)
            frail["web"].kill()

        def test_of_the_broken(frail): pass
    """
    write("integration/test_a.py", source)
    write("unit/test_u.py", "def test_with(shop): pass\n")
    result = run("-n1")

    result.assert_outcomes(passed=3, errors=6)
    assert len(notes.read("started")) == 1
    text = result.stdout.str()
    assert text.count("bad flag: --speed") == 1
    result.stdout.fnmatch_lines(
        [
            "*the unit tier does not allow the run stack shop; the tiers that may: integration, e2e",
            "the run stack bad is down: it did not start: ServiceExited: web exited with code 64 while it was starting",
            "the run stack bad is down: it did not start: ServiceExited: web exited with code 64 while it was starting",
            "the run stack shop was damaged: web was ended by SIGKILL",
            "  while used by tests/integration/test_a.py::test_crash [[]gw0]",
            "*there is no run stack 'ship'; there is bad, frail, shop",
            "the run stack frail is down: it could not be restored after *::test_breaks [[]gw0]: *",
            "*= run stacks =*",
            "bad did not start: ServiceExited: web exited with code 64 while it was starting",
            "  | bad flag: --speed",
            "the run stack shop was damaged: web was ended by SIGKILL",
        ]
    )


def test_a_setting_that_cannot_be_is_a_usage_error(project: pytest.Pytester, run: Run) -> None:
    """Before anything is collected."""
    declare(project, "shop")
    result = run()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*ziggurat_run_stacks: 'shop' is not FIXTURE=MODULE:NAME"])
