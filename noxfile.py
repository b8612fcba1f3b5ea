"""Checks, each in an environment of its own; plain `nox` runs lint, types, unit and integration.

A session owns an environment and calls commands in it; what a command does is written where the command is.
Arguments after `--` reach pytest.
"""

import hashlib
from pathlib import Path

import nox

ROOT = Path(__file__).resolve().parent
MANIFEST = "prism/Cargo.toml"
GENERATED = ROOT / "prism/src/prism"

# What decides what an environment holds. The sources do not: both packages are installed editable.
INSTALL_INPUTS = (
    "pyproject.toml",
    "constraints.txt",
    "prism/pyproject.toml",
    "prism/protogen.py",
    "prism/hatch_build.py",
    "proto/**/*.proto",
)

nox.needs_version = ">=2026.2"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "types", "unit", "integration"]


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and form of Python, protos and Rust."""
    prepare(session, "lint", packages=False)
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("buf", "lint")
    cargo(session, "fmt", "--all", "--check")
    cargo(session, "clippy", "--workspace", "--all-targets", "--", "-D", "warnings")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types of sources, tests and tasks."""
    prepare(session, "types")
    session.run("mypy")


@nox.session
def unit(session: nox.Session) -> None:
    """Test each component alone: no network, no processes, no backend."""
    prepare(session, "test", "rust")
    session.run("pytest", "--tier", "unit", *session.posargs)
    cargo(session, "nextest", "run", "--workspace")


@nox.session
def integration(session: nox.Session) -> None:
    """Test the processes together, on a stack that the tests start themselves."""
    prepare(session, "test", "tasks")
    session.run("inv", "build")
    session.run("pytest", "--tier", "integration", *session.posargs)


@nox.session
def e2e(session: nox.Session) -> None:
    """Test the stack that `prismctl local start` left running."""
    prepare(session, "test", "tasks")
    session.run("prismctl", "local", "check", "--build")
    session.run("pytest", "--tier", "e2e", "--e2e=require", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure release builds and print the tables; arguments after `--` reach the measurement."""
    prepare(session, "test", "tasks", "peers")
    session.run("inv", "build", "--release")
    session.run("python", "-m", "bench", *session.posargs)


@nox.session
def torture(session: nox.Session) -> None:
    """Try to break each promise of the toolkit, in a few minutes; arguments after `--` replace the short form."""
    prepare(session, "test", "tasks")
    session.run("python", "-m", "bench.torture", *(session.posargs or ("--short",)))


def prepare(session: nox.Session, *groups: str, packages: bool = True) -> None:
    """Install dependency groups, and both packages editable, unless the environment has exactly these."""
    stamp = Path(session.virtualenv.location) / "installed.sha256"
    wanted = fingerprint(*groups)
    if stamp.is_file() and stamp.read_text() == wanted and (GENERATED.is_dir() or not packages):
        return
    stamp.unlink(missing_ok=True)
    requirements = nox.project.dependency_groups(nox.project.load_toml(ROOT / "pyproject.toml"), *groups)
    editable = ("-e", ".", "-e", "./prism") if packages else ()
    # Without bytecode each run of a session would compile every module anew where writing it later is off.
    session.install("-c", "constraints.txt", *requirements, *editable, env={"UV_COMPILE_BYTECODE": "1"})
    stamp.write_text(wanted)


def fingerprint(*parts: str) -> str:
    """Hash what decides the content of an environment."""
    digest = hashlib.sha256(repr(parts).encode())
    for pattern in INSTALL_INPUTS:
        for path in sorted(ROOT.glob(pattern)):
            digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def cargo(session: nox.Session, *arguments: str) -> None:
    """Run a cargo command on the workspace; the toolchain is the machine's."""
    at = next((index for index, argument in enumerate(arguments) if argument == "--"), len(arguments))
    session.run("cargo", *arguments[:at], "--manifest-path", MANIFEST, *arguments[at:], external=True)
