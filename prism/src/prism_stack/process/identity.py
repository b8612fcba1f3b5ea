"""Which program this is, and which build of it: a hash of what it consists of."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

PACKAGES = Path(__file__).parent.parent.parent
"""The folder with both packages of the control plane: its own, and the generated one."""
PARTS = ("prism", "prism_stack")


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program as it introduces itself."""

    name: str
    about: str

    def version_text(self, *, as_json: bool) -> str:
        """Return one line for people, or the same as JSON."""
        known = {"name": self.name, "version": version("prism-stack"), "build_id": build_id()}
        if as_json:
            return json.dumps(known)
        return "{name} {version} (build id {build_id})".format_map(known)


def build_id(folder: Path = PACKAGES) -> str:
    """Return the SHA-256 over names and contents of the packages' files, in hexadecimal."""
    digest = hashlib.sha256()
    files = [path for part in PARTS for path in (folder / part).rglob("*") if path.is_file() and _counts(path)]
    for path in sorted(files):
        content = path.read_bytes()
        # The length keeps two files from passing for one.
        digest.update(f"{path.relative_to(folder)}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _counts(path: Path) -> bool:
    return "__pycache__" not in path.parts
