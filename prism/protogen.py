"""Generate the typed Python code of `proto/` into `src/prism`.

The package's build hook and `inv proto` both run this file as a command, in an environment that has
grpcio-tools and mypy-protobuf. That environment is never the one that runs the code: the generator caps
protobuf, the generated code does not.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGE_DOC = '"""Generated from the protos of this name; nobody edits it."""\n'


class ProtoFolderMissingError(Exception):
    """None of the folders that may hold the protos does."""

    def __init__(self, tried: tuple[Path, ...]) -> None:
        super().__init__(f"no proto/prism folder: looked in {', '.join(str(folder) for folder in tried)}")
        self.tried = tried


def proto_folder(project: Path) -> Path:
    """Choose the folder of protos: the checkout's, or the copy inside an sdist."""
    tried = (project.parent / "proto", project / "proto")
    for folder in tried:
        if (folder / "prism").is_dir():
            return folder
    raise ProtoFolderMissingError(tried)


def package_folders(generated: Iterable[Path]) -> set[Path]:
    """Name every folder on the way to the generated files, each of which becomes a package."""
    return {folder for path in generated for folder in path.parents if folder != Path()}


def generate(proto: Path, target: Path) -> None:
    """Write the packages of `proto` into `target`, touching only what differs.

    Others may import from `target` meanwhile (another session's environment is installed editable), so each
    file is replaced whole and a file that stays the same is left alone.
    """
    with tempfile.TemporaryDirectory(prefix=".protogen-", dir=target.parent) as scratch:
        fresh = Path(scratch)
        run_protoc(proto, fresh)
        add_packages(fresh)
        replace_tree(fresh / "prism", target / "prism")


def run_protoc(proto: Path, out: Path) -> None:
    """Run protoc with the Python, gRPC and stub generators over every proto file."""
    kinds = {"python": "", "grpc_python": "", "mypy": "quiet:", "mypy_grpc": "quiet:"}
    sources = sorted(str(path) for path in proto.rglob("*.proto"))
    outputs = [f"--{kind}_out={options}{out}" for kind, options in kinds.items()]
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", f"-I{proto}", *outputs, *sources], check=True)


def add_packages(root: Path) -> None:
    """Make each generated folder a package, and the outermost one a typed package."""
    generated = [path.relative_to(root) for path in root.rglob("*_pb2*")]
    for folder in package_folders(generated):
        (root / folder / "__init__.py").write_text(PACKAGE_DOC)
    (root / "prism" / "py.typed").touch()


def replace_tree(fresh: Path, target: Path) -> None:
    """Make `target` hold exactly the files of `fresh`, by renames."""
    wanted = {path.relative_to(fresh) for path in fresh.rglob("*") if path.is_file()}
    for name in wanted:
        if not same_bytes(fresh / name, target / name):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (fresh / name).replace(target / name)
    for path in target.rglob("*"):
        if path.is_file() and path.relative_to(target) not in wanted and "__pycache__" not in path.parts:
            path.unlink()


def same_bytes(one: Path, other: Path) -> bool:
    """Tell whether both files exist with the same content."""
    return other.is_file() and one.read_bytes() == other.read_bytes()


def main() -> None:
    """Generate into the folder that was named, `src` by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE / "src", help="folder that receives the package prism")
    out = parser.parse_args().out
    if shutil.which("protoc-gen-mypy") is None:
        sys.exit("protogen: protoc-gen-mypy is not on PATH; `inv proto` makes an environment that has it")
    out.mkdir(parents=True, exist_ok=True)
    generate(proto_folder(HERE), out)


if __name__ == "__main__":
    main()
