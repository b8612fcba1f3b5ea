"""A process of the launcher: what it is to be, and how it is."""

from dataclasses import dataclass

from prism_stack.launcher.life import Life
from prism_stack.launcher.wish import Wish


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process, from its launch to its termination."""

    wish: Wish
    life: Life
    port: int = 0
    """Held for it by the keeper, over all its restarts."""
    log_start: int = 0
    """Where its log stood when it was spawned last."""
    purge: bool = False
    """Whether the end that was begun takes its namespace's keys with it."""

    @property
    def id(self) -> str:
        """Its process id."""
        return self.wish.process_id

    def describe(self) -> str:
        """Return how it is, in a line."""
        life = self.life
        error = f", last error: {life.last_error}" if life.last_error else ""
        return f"{self.id}: {life.stage.name.lower()}, pid {life.pid or 'none'}, {life.restarts} restarts{error}"
