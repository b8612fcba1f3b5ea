"""Building a workspace with cargo: a tiny one, of one program without dependencies."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ziggurat import BuildFailed, build, last_built

GOOD = 'fn main() { println!("hello"); }\n'
OTHER = 'fn main() { println!("goodbye"); }\n'
WRONG = "fn main() { let number: u32 = missing; }\n"
WORKERS = 4


@pytest.fixture
def manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The manifest of a workspace with a program called greeter."""
    for name in ("CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR", "ZIGGURAT_BUILD_RUN", "PYTEST_XDIST_TESTRUNUID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CARGO_NET_OFFLINE", "true")
    crate = tmp_path / "crates" / "greeter"
    (crate / "src").mkdir(parents=True)
    (crate / "Cargo.toml").write_text('[package]\nname = "greeter"\nversion = "0.1.0"\nedition = "2021"\n')
    (crate / "src" / "main.rs").write_text(GOOD)
    (tmp_path / "Cargo.toml").write_text('[workspace]\nresolver = "2"\nmembers = ["crates/*"]\n')
    return tmp_path / "Cargo.toml"


def source(manifest: Path) -> Path:
    """Return the program's source."""
    return manifest.parent / "crates" / "greeter" / "src" / "main.rs"


def said(program: Path) -> str:
    """Return what a program prints."""
    return subprocess.run([program], check=True, capture_output=True, text=True).stdout.strip()


def test_a_program_is_where_cargo_put_it(manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not where one would guess."""
    monkeypatch.setenv("CARGO_TARGET_DIR", str(tmp_path / "elsewhere"))
    programs = build(manifest)

    assert list(programs) == ["greeter"]
    assert programs["greeter"].path.is_relative_to(tmp_path / "elsewhere")
    assert said(programs["greeter"].path) == "hello"


def test_a_build_id_is_one_of_the_content(manifest: Path) -> None:
    """The same for the same source, another for another one."""
    first = build(manifest)["greeter"].build_id
    again = build(manifest)["greeter"].build_id
    source(manifest).write_text(OTHER)
    other = build(manifest)["greeter"]

    assert len(first) >= 16
    assert first == again
    assert other.build_id != first
    assert said(other.path) == "goodbye"
    assert last_built(manifest) == {"greeter": other}


def test_a_build_error_is_shown_as_rustc_shows_it(manifest: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """On stderr as it comes, and in the error."""
    source(manifest).write_text(WRONG)

    with pytest.raises(BuildFailed) as caught:
        build(manifest)
    shown = capfd.readouterr().err
    for text in (shown, caught.value.output, str(caught.value)):
        assert "error[E0425]: cannot find value `missing` in this scope" in text
        assert "--> crates/greeter/src/main.rs:1:31" in text
    assert caught.value.status == 101


def test_a_failed_build_is_not_remembered_as_one(manifest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next try of the same run builds."""
    monkeypatch.setenv("ZIGGURAT_BUILD_RUN", "one")
    source(manifest).write_text(WRONG)
    with pytest.raises(BuildFailed):
        build(manifest)
    source(manifest).write_text(GOOD)

    assert said(build(manifest)["greeter"].path) == "hello"


def test_a_machine_without_cargo_is_told_what_is_missing(manifest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In words that a person can act on."""
    monkeypatch.setenv("PATH", "/nonexistent")

    with pytest.raises(BuildFailed, match="cargo is not on PATH: install a Rust toolchain"):
        build(manifest)


def test_workers_of_a_run_build_once(manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All at once, in processes of their own; another run builds again."""
    calls = tmp_path / "calls"
    tools = tmp_path / "tools"
    tools.mkdir()
    cargo = tools / "cargo"
    real = subprocess.run(
        ["/bin/sh", "-c", "command -v cargo"], check=True, capture_output=True, text=True
    ).stdout.strip()
    cargo.write_text(f'#!/bin/sh\necho build >> "{calls}"\nexec "{real}" "$@"\n')
    cargo.chmod(0o755)
    with monkeypatch.context() as patched:
        patched.setenv("PATH", f"{tools}:/usr/bin:/bin:{Path(real).parent}")
        patched.setenv("ZIGGURAT_BUILD_RUN", "one")
        script = (
            f"from pathlib import Path; from ziggurat import build; print(build(Path({str(manifest)!r}))['greeter'])"
        )

        def worker(_: int) -> str:
            done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
            return done.stdout

        with ThreadPoolExecutor(WORKERS) as pool:
            built = set(pool.map(worker, range(WORKERS)))
        assert len(built) == 1
        assert calls.read_text().split() == ["build"]

        patched.setenv("ZIGGURAT_BUILD_RUN", "two")
        worker(0)
        assert calls.read_text().split() == ["build"] * 2


def test_a_release_build_is_another_program(manifest: Path) -> None:
    """With a record of its own."""
    debug, release = build(manifest), build(manifest, release=True)

    assert debug["greeter"].path != release["greeter"].path
    assert last_built(manifest) == debug
    assert last_built(manifest, release=True) == release
