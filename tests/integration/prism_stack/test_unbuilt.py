"""What commands say that could not build the programs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.integration.prism_stack.conftest import Typed

WRONG = "fn main() { let number: u32 = missing; }\n"
COMMANDS = [("proxy-integration-runner",), ("prismctl", "local", "start", "--ports", "auto")]


@pytest.fixture
def broken(typed: Typed, tmp_path: Path) -> Typed:
    """An environment whose checkout has a program that cannot be compiled."""
    sources = tmp_path / "prism" / "src"
    sources.mkdir(parents=True)
    (sources / "main.rs").write_text(WRONG)
    (sources.parent / "Cargo.toml").write_text('[package]\nname = "broken"\nversion = "0.1.0"\nedition = "2024"\n')
    return replace(typed, environment={**typed.environment, "PRISM_WORKSPACE": str(tmp_path)})


@pytest.mark.parametrize("command", COMMANDS)
def test_a_compile_error_is_shown_once_as_rustc_shows_it(broken: Typed, command: tuple[str, ...]) -> None:
    """It passes by as it comes; the last line says no more than that there is no program."""
    done = broken.run_any(*command)

    assert done.returncode != 0
    assert done.stderr.count("error[E0425]: cannot find value `missing` in this scope") == 1
    assert done.stderr.splitlines()[-1].endswith("cargo could not build it")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_machine_without_cargo_is_told_so_in_one_line(
    broken: Typed, command: tuple[str, ...], tmp_path: Path
) -> None:
    """With what to install."""
    bare = tmp_path / "bin"
    bare.mkdir()
    done = replace(broken, environment={**broken.environment, "PATH": str(bare)}).run_any(*command)

    assert done.returncode != 0
    assert done.stderr.splitlines()[-1].endswith(" cargo is not on PATH: install a Rust toolchain")
    assert len(done.stderr.splitlines()) == 1
