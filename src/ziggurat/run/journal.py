"""What became of the run stacks, for the end of the run's output."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, field

from ziggurat.errors import Damage, Loss, ZigguratError


@dataclass(frozen=True, slots=True)
class Failure:
    """A run stack that did not come up, or would not come back or stop."""

    stack: str
    what: str
    error: BaseException

    @property
    def brief(self) -> str:
        """The reason in one line."""
        return f"it {self.what}: {type(self.error).__name__}: {str(self.error).partition(chr(10))[0]}"

    @property
    def whole(self) -> str:
        """All that is known: an error of the toolkit says it itself, any other has a traceback."""
        if isinstance(self.error, ZigguratError):
            return f"{self.stack} {self.what}: {type(self.error).__name__}: {self.error}"
        return f"{self.stack} {self.what}:\n{''.join(traceback.format_exception(self.error)).rstrip()}"


@dataclass(slots=True)
class Journal:
    """What stewards write down; each adds lines of its own, so that they need no lock."""

    failures: list[Failure] = field(default_factory=list)
    damages: list[Damage] = field(default_factory=list)

    @property
    def is_unblamed(self) -> bool:
        """Whether something happened that no test was failed for."""
        return any(not damage.tests for damage in self.damages)

    def lines(self) -> list[str]:
        """Return all that a person should read."""
        return [*(failure.whole for failure in self.failures), *map(str, self.damages)]


def damage_of(stack: str, told: dict[str, object]) -> Damage:
    """Return a damage as the keeper tells it."""
    losses: list[dict[str, object]] = told["losses"]  # type: ignore[assignment]
    return Damage(
        stack=stack,
        losses=tuple(Loss(**loss) for loss in losses),  # type: ignore[arg-type]
        tests=tuple(told["tests"]),  # type: ignore[arg-type]
        last=tuple(told["last"]),  # type: ignore[arg-type]
        alone=bool(told["alone"]),
    )
