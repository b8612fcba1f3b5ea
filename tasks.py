"""What is done to a live checkout: `inv --list` shows it. Checks are nox sessions."""

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

from invoke.context import Context
from invoke.exceptions import Exit
from invoke.tasks import task

ROOT = Path(__file__).resolve().parent
MANIFEST = ROOT / "prism/Cargo.toml"
GENERATOR_ENVIRONMENT = ROOT / "build/protogen"
LEFT_BY_BUILDS = ("build", "prism/target", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis")


@task(help={"release": "with optimisations, as bench measures"})
def build(_context: Context, release: bool = False) -> None:
    """Build the Rust programs and print each with its path and build id."""
    from ziggurat import cargo
    from ziggurat.errors import BuildFailed

    try:
        programs = cargo.build(MANIFEST, release=release)
    except BuildFailed as error:
        raise Exit(error.brief, code=1) from error
    for _, program in sorted(programs.items()):
        print(f"{program.name:<18} {program.path}  {program.build_id}")


@task
def proto(_context: Context) -> None:
    """Generate the Python code of proto/ into prism/src/prism."""
    python = generator_environment()
    path = f"{python.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    command([str(python), str(ROOT / "prism/protogen.py")], environment={**os.environ, "PATH": path})


@task(help={"ports": "`auto` takes free ports instead of the default ones"})
def up(_context: Context, ports: str = "") -> None:
    """Start the local stack and leave it running."""
    prismctl("start", *(["--ports", ports] if ports else []))


@task
def down(_context: Context) -> None:
    """Stop the local stack and wait until all of it is gone."""
    prismctl("stop")


@task
def status(_context: Context) -> None:
    """Tell how the local stack is."""
    prismctl("status")


@task(help={"follow": "go on as lines come", "name": "the service whose lines to show; all of them by default"})
def logs(_context: Context, name: str = "", follow: bool = False) -> None:
    """Show what the services of the local stack logged."""
    prismctl("logs", *(["--follow"] if follow else []), *([name] if name else []))


@task
def clean(_context: Context) -> None:
    """Remove what builds and checks left; environments and generated code stay."""
    for name in LEFT_BY_BUILDS:
        shutil.rmtree(ROOT / name, ignore_errors=True)


def prismctl(*arguments: str) -> None:
    """Run `prismctl local` of the environment that runs this task."""
    command([str(Path(sys.executable).parent / "prismctl"), "local", *arguments])


def command(arguments: list[str], environment: dict[str, str] | None = None) -> None:
    """Run a command in the foreground; its failure is the task's."""
    if code := subprocess.run(arguments, env=environment, check=False).returncode:
        raise Exit(code=code if code > 0 else 128 - code)


def generator_environment() -> Path:
    """Return the Python of the environment that generates, made anew when its requirements change.

    It is one of its own because the generator caps protobuf, which the generated code does not.
    """
    requirements = tomllib.loads((ROOT / "prism/pyproject.toml").read_text())["build-system"]["requires"]
    wanted = hashlib.sha256(repr((requirements, sys.version)).encode()).hexdigest()
    python, stamp = GENERATOR_ENVIRONMENT / "bin/python", GENERATOR_ENVIRONMENT / "installed.sha256"
    if not (stamp.is_file() and stamp.read_text() == wanted):
        venv.create(GENERATOR_ENVIRONMENT, clear=True, with_pip=True)
        command([str(python), "-m", "pip", "install", "--quiet", *requirements])
        stamp.write_text(wanted)
    return python
