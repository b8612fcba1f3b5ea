"""Which build a program is: a hash of what it consists of."""

import json
from pathlib import Path

import pytest

from prism_stack.process.identity import Program, build_id


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """Two packages with a file each."""
    for part in ("prism", "prism_stack"):
        (tmp_path / part).mkdir()
        (tmp_path / part / "a.py").write_text("a = 1\n")
    return tmp_path


def test_the_build_id_is_that_of_the_content(packages: Path) -> None:
    """Where the packages lie and what was compiled says nothing."""
    before = build_id(packages)
    (packages / "prism/__pycache__").mkdir()
    (packages / "prism/__pycache__/a.pyc").write_bytes(b"x")
    (packages / "elsewhere").mkdir()

    assert build_id(packages) == before
    assert len(before) == 64


@pytest.mark.parametrize("change", ["content", "name", "file"])
def test_another_content_or_name_is_another_build(packages: Path, change: str) -> None:
    """In either package."""
    before = build_id(packages)
    file = packages / "prism_stack/a.py"
    if change == "content":
        file.write_text("a = 2\n")
    elif change == "name":
        file.rename(packages / "prism_stack/b.py")
    else:
        (packages / "prism/more.py").write_text("")

    assert build_id(packages) != before


def test_a_program_introduces_itself_to_people_and_to_programs() -> None:
    """Both say the same."""
    program = Program(name="sample", about="a sample")
    known = json.loads(program.version_text(as_json=True))

    assert sorted(known) == ["build_id", "name", "version"]
    assert program.version_text(as_json=False) == f"sample {known['version']} (build id {known['build_id']})"
