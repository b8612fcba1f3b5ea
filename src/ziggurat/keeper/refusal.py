"""What the keeper answers when it cannot do what it was asked for."""

from __future__ import annotations


class Refused(Exception):
    """Carries what is needed to raise the toolkit's own error on the other side."""

    def __init__(self, kind: str, message: str, **facts: object) -> None:
        """Hold the kind, one line for people, and the facts by name."""
        super().__init__(message)
        self.kind = kind
        self.facts = facts

    def as_message(self) -> dict[str, object]:
        """Return the refusal as it travels."""
        return {"kind": self.kind, "message": str(self), **self.facts}
