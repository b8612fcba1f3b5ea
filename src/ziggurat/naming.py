"""What a service is called: one name at the keeper, and one where people read of it."""

from __future__ import annotations


def shown(key: str) -> str:
    """Return a service's name at the keeper as ``stack.service``, without the number that its stack has there.

    One that a service started (``stack-3.service/name``) is called after the stack too. What belongs to no stack
    keeps its name.
    """
    owner, _, started = key.partition("/")
    numbered, _, service = owner.rpartition(".")
    stack, _, number = numbered.rpartition("-")
    return f"{stack}.{started or service}" if stack and number.isdecimal() else key
