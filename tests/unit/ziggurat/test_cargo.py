"""Reading what cargo says."""

import json
from pathlib import Path

from ziggurat.cargo import cargo_command, last_built, programs_in, record_of

# As cargo 1.95 writes them, shortened to what is read and what could be mistaken for it.
MESSAGES = (
    "   Compiling prism v0.1.0",
    "",
    json.dumps(
        {
            "reason": "compiler-artifact",
            "target": {"kind": ["lib"], "name": "store"},
            "executable": None,
            "filenames": ["/t/libstore.rlib"],
        }
    ),
    json.dumps(
        {
            "reason": "compiler-artifact",
            "target": {"kind": ["custom-build"], "name": "build-script-build"},
            "executable": "/t/build/build-script-build",
        }
    ),
    json.dumps({"reason": "compiler-message", "message": {"rendered": "warning: unused"}, "target": {"kind": ["bin"]}}),
    json.dumps({"reason": "build-script-executed", "out_dir": "/t/out"}),
    json.dumps(
        {
            "reason": "compiler-artifact",
            "target": {"kind": ["bin"], "name": "prism-proxy"},
            "executable": "/elsewhere/debug/prism-proxy",
            "fresh": True,
        }
    ),
    json.dumps({"reason": "build-finished", "success": True}),
)


def test_programs_are_what_cargo_says_it_built() -> None:
    """At the path that it says; libraries and build scripts are none."""
    (program,) = programs_in(MESSAGES)

    assert (program.name, program.path) == ("prism-proxy", Path("/elsewhere/debug/prism-proxy"))
    assert program.build_id == ""


def test_a_whole_workspace_is_built_unless_packages_are_named() -> None:
    """Programs only."""
    manifest = Path("/w/Cargo.toml")

    assert cargo_command(manifest, release=False, packages=())[:3] == ["cargo", "build", "--bins"]
    assert "--workspace" in cargo_command(manifest, release=False, packages=())
    assert cargo_command(manifest, release=False, packages=["a", "b"])[-4:] == ["-p", "a", "-p", "b"]
    assert "--release" in cargo_command(manifest, release=True, packages=())


def test_nothing_was_built_where_there_is_no_record(tmp_path: Path) -> None:
    """And no program is made up."""
    assert last_built(tmp_path / "Cargo.toml") == {}


def test_a_program_that_was_cleaned_away_was_not_built(tmp_path: Path) -> None:
    """The record of it may still be there."""
    manifest = tmp_path / "Cargo.toml"
    there = tmp_path / "there"
    there.touch()
    record = record_of(manifest, release=False)
    record.parent.mkdir()
    record.write_text(json.dumps({"run": "", "command": [], "programs": {"there": str(there), "gone": "/gone"}}))

    assert list(last_built(manifest)) == ["there"]


def test_a_record_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    """Another version may have written it, or half of it."""
    manifest = tmp_path / "Cargo.toml"
    record = record_of(manifest, release=False)
    record.parent.mkdir()
    for text in ("", "{", "[]", "{}", '{"run": ""}'):
        record.write_text(text)
        assert last_built(manifest) == {}
