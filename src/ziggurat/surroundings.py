"""What a start takes over from the process that asks for it, as it was at one moment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Variables and working folder: a start in a thread must not see what a test changes in them meanwhile."""

    variables: Mapping[str, str]
    folder: Path

    @classmethod
    def present(cls) -> Self:
        """Return those of this process at this moment."""
        return cls(dict(os.environ), Path.cwd())
