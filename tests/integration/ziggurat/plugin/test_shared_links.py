"""Links of a stack that all workers of a run share."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    Write = Callable[[str, str], Path]
    Run = Callable[..., pytest.RunResult]

SETTING = 'ziggurat_run_stacks = ["linked=linking:linked"]\n'
LINKING = """
    from stacks import stack
    from ziggurat import OUTSIDE, Link

    def linked():
        return stack("echo", name="linked").with_links(Link(OUTSIDE, "web.http"))
"""
TESTS = """
    import socket
    import pytest
    from ziggurat import OUTSIDE, NotExclusive

    def connect(link):
        host, _, port = link.address.rpartition(":")
        socket.create_connection((host, int(port)), timeout=5).close()

    @pytest.mark.exclusive
    def test_who_has_it_alone_may_disturb_it(linked):
        link = linked.link(OUTSIDE, "web.http")
        with link.refuse(), pytest.raises(ConnectionRefusedError):
            connect(link)
        connect(link)

    def test_who_shares_it_may_not(linked):
        link = linked.link(OUTSIDE, "web.http")
        with pytest.raises(NotExclusive):
            with link.refuse():
                pass
        connect(link)
"""


def test_a_link_is_disturbed_only_by_who_has_its_stack_alone(
    project: pytest.Pytester, write: Write, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From any worker: a fault of a link is a change of the stack like any other."""
    monkeypatch.setenv("PYTEST_PLUGINS", "ziggurat.pytest_plugin,xdist")
    with (project.path / "pyproject.toml").open("a") as settings:
        settings.write(SETTING)
    write("../linking.py", LINKING)
    write("integration/test_links.py", TESTS)

    run("-n2").assert_outcomes(passed=2)
