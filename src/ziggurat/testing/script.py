"""How a fake service behaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What a fake service does each time that it is started; without one it is ready at once and says nothing."""

    log: tuple[str, ...] = ()
    """The lines that it writes."""
    told: Mapping[str, str] = field(default_factory=dict)
    """What it says on its notify socket beside ``READY=1``: ``{"X_ENDPOINT_HTTP": "127.0.0.1:8080"}``."""
    is_ready: bool = True
    """False for one that runs and never is."""
    exit_status: int | None = None
    """With one it ends while it is starting: an exit code, or minus a signal."""
    ignores_sigterm: bool = False
