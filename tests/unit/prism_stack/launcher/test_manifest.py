"""Manifests: every field that is wrong is told with its file, and harms no other pattern."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

import prism_stack.launcher.options
from prism_stack.launcher.errors import BadManifest
from prism_stack.launcher.manifest import DEFAULT_TIMEOUT, Isolation, Limits, Pattern, read_pattern, read_patterns

SMALL = "name = 'a'\nversion = '1'\nexecutable = 'b'\n"
WHOLE = """
name = "key.value_2-x"
version = "0.1.0"
executable = "./bin/runner"
isolation = ["namespace", "none"]
arguments = ["--flag", "value"]
[probe]
timeout = "3s"
[environment]
GREETING = "hello"
EMPTY = ""
[limits]
open_files = 1024
memory = "512MiB"
"""


def manifest(folder: Path, text: str) -> Path:
    """Write a manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "manifest.toml"
    path.write_text(text)
    return path


def test_a_whole_manifest_is_read(tmp_path: Path) -> None:
    """Every field."""
    assert read_pattern(manifest(tmp_path, WHOLE)) == Pattern(
        name="key.value_2-x",
        version="0.1.0",
        executable="./bin/runner",
        folder=tmp_path,
        isolation=frozenset({Isolation.NAMESPACE, Isolation.NONE}),
        arguments=("--flag", "value"),
        timeout=timedelta(seconds=3),
        environment={"GREETING": "hello", "EMPTY": ""},
        limits=Limits(open_files=1024, memory=512 << 20),
    )


def test_a_small_manifest_is_enough(tmp_path: Path) -> None:
    """A process for each namespace, ten seconds, no limits."""
    pattern = read_pattern(manifest(tmp_path, SMALL))

    assert pattern.isolation == {Isolation.NAMESPACE}
    assert (pattern.arguments, pattern.timeout, pattern.limits) == ((), DEFAULT_TIMEOUT, Limits())
    assert pattern.environment == {}


@pytest.mark.parametrize(
    ("text", "expected"), [("64", 64), ('"64"', 64), ('"64KiB"', 64 << 10), ('"1MiB"', 1 << 20), ('"2GiB"', 2 << 30)]
)
def test_memory_is_a_number_of_bytes(tmp_path: Path, text: str, expected: int) -> None:
    """With a unit or without."""
    limits = f"{SMALL}[limits]\nmemory = {text}"

    assert read_pattern(manifest(tmp_path, limits)).limits.memory == expected


@pytest.mark.parametrize(
    ("text", "field", "reason"),
    [
        ("name = ", "the file", "Invalid value"),
        (SMALL.replace("name = 'a'\n", ""), "name", "is missing"),
        (SMALL.replace("'a'", "''"), "name", "must be a text that is not empty"),
        (SMALL.replace("'a'", "5"), "name", "must be a text"),
        (SMALL.replace("'a'", "'a:b'"), "name", "must match"),
        (SMALL.replace("'a'", "'-a'"), "name", "must match"),
        (SMALL.replace("version = '1'\n", ""), "version", "is missing"),
        (SMALL.replace("'1'", "1"), "version", "must be a text"),
        (SMALL.replace("executable = 'b'\n", ""), "executable", "is missing"),
        (SMALL.replace("'b'", '"a\\u0000b"'), "executable", "must be a text"),
        (f"{SMALL}isolation = []", "isolation", "must be of none, namespace"),
        (f"{SMALL}isolation = 'session'", "isolation", "must be of none, namespace"),
        (f"{SMALL}isolation = ['none', 'all']", "isolation", "must be of none, namespace"),
        (f"{SMALL}isolation = 3", "isolation", "must be a list of texts"),
        (f"{SMALL}isolation = [['none']]", "isolation", "must be a text"),
        (f"{SMALL}arguments = '--flag'", "arguments", "must be a list of texts"),
        (f"{SMALL}arguments = ['a', 3]", "arguments", "must be a text"),
        (f"{SMALL}probe = 3", "probe", "must be a table"),
        (f"{SMALL}[probe]\ntimeout = 3", "probe.timeout", "must be a text"),
        (f"{SMALL}[probe]\ntimeout = '3'", "probe.timeout", "is not a duration"),
        (f"{SMALL}[probe]\ntimeout = '0s'", "probe.timeout", "must be longer than nothing"),
        (f"{SMALL}[probe]\npath = '/'", "probe.path", "is unknown"),
        (f"{SMALL}environment = 'A=b'", "environment", "must be a table"),
        (f"{SMALL}[environment]\nA = 3", "environment", "A must be a variable's name, and its value a text"),
        (f"{SMALL}[environment]\n'A=B' = 'c'", "environment", "A=B must be"),
        (f"{SMALL}[environment]\n2A = 'c'", "environment", "2A must be"),
        (f'{SMALL}[environment]\nA = "b\\u0000"', "environment", "A must be"),
        (f"{SMALL}limits = []", "limits", "must be a table"),
        (f"{SMALL}[limits]\nopen_files = 0", "limits.open_files", "must be a whole number above 0"),
        (f"{SMALL}[limits]\nopen_files = -1", "limits.open_files", "must be a whole number above 0"),
        (f"{SMALL}[limits]\nopen_files = true", "limits.open_files", "must be a whole number above 0"),
        (f"{SMALL}[limits]\nopen_files = '9'", "limits.open_files", "must be a whole number above 0"),
        (f"{SMALL}[limits]\nmemory = '0MiB'", "limits.memory", "must be a number of bytes"),
        (f"{SMALL}[limits]\nmemory = '1MB'", "limits.memory", "must be a number of bytes"),
        (f"{SMALL}[limits]\nmemory = 0", "limits.memory", "must be a whole number above 0"),
        (f"{SMALL}[limits]\nmemory = 1.5", "limits.memory", "must be a text"),
        (f"{SMALL}[limits]\ncpu = 1", "limits.cpu", "is unknown"),
        (f"{SMALL}colour = 'red'", "colour", "is unknown"),
        (f"{SMALL}[colour]\nname = 'red'", "colour", "is unknown"),
    ],
)
def test_a_field_that_is_wrong_is_told_with_its_file_and_leaves_the_others(
    tmp_path: Path, text: str, field: str, reason: str
) -> None:
    """Whichever it is."""
    path = manifest(tmp_path / "broken", text)
    manifest(tmp_path / "good", SMALL.replace("'a'", "'good'"))
    patterns, problems = read_patterns([tmp_path])

    assert set(patterns) == {"good"}
    assert [(problem.path, problem.field) for problem in problems] == [(path, field)]
    assert reason in problems[0].reason
    assert str(problems[0]).startswith(f"{path}: {field}: ")


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """Another encoding, or no file at all."""
    (tmp_path / "bytes").mkdir()
    (tmp_path / "bytes" / "manifest.toml").write_bytes(b"name = '\xff'")
    (tmp_path / "folder" / "manifest.toml").mkdir(parents=True)
    patterns, problems = read_patterns([tmp_path])

    assert patterns == {}
    assert [problem.field for problem in problems] == ["the file", "the file"]


def test_of_two_patterns_of_one_name_the_first_is_kept(tmp_path: Path) -> None:
    """In the order of the folders; the second says where the first is."""
    first = manifest(tmp_path / "one" / "x", SMALL)
    second = manifest(tmp_path / "two" / "y", SMALL)
    patterns, (problem,) = read_patterns([tmp_path / "one", tmp_path / "two"])

    assert patterns["a"].folder == first.parent
    assert (problem.path, problem.field) == (second, "name")
    assert str(first.parent) in problem.reason


def test_a_folder_without_a_manifest_is_no_pattern(tmp_path: Path) -> None:
    """Nor is a file beside them."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "README").write_text("x")

    assert read_patterns([tmp_path]) == ({}, [])


def test_the_patterns_that_come_with_the_launcher_are_right() -> None:
    """The one of this system: by namespace or shared."""
    patterns, problems = read_patterns([prism_stack.launcher.options.PATTERNS])

    assert problems == []
    assert patterns["keyvalue"].executable == "keyvalue-runner"
    assert patterns["keyvalue"].isolation == frozenset(Isolation)


def test_a_bad_manifest_carries_its_facts() -> None:
    """For whoever shows it in another way."""
    problem = BadManifest(Path("/a/manifest.toml"), "name", "is missing")

    assert (problem.path, problem.field, problem.reason) == (Path("/a/manifest.toml"), "name", "is missing")
