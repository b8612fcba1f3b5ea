"""Generate the package `prism` before a wheel, editable or not, is put together."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ProtoBuildHook(BuildHookInterface[Any]):
    """Run the generator in the build's own environment."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Generate into `src/prism`, and ship it although version control ignores it."""
        subprocess.run([sys.executable, str(Path(self.root) / "protogen.py")], check=True)
        build_data["artifacts"].append("src/prism/**")
