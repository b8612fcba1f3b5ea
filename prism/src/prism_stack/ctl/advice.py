"""What to do about an error: the half of its line that its raiser, who answers calls, cannot know."""

from __future__ import annotations

from prism_stack.errors import (
    AlreadyExists,
    CallError,
    DeadlineExceeded,
    FailedPrecondition,
    NotFound,
    PrismError,
    Refused,
    Unavailable,
)

DATA_CALLS = ("Set", "Get", "Delete", "Exists", "Expire", "GetTTL", "Persist")
NAMESPACES = "see: prismctl namespace list"
PEERS = "see: prismctl proxy list, prismctl launcher list"
PROCESSES = "see: prismctl pattern list"

ADVICE: dict[tuple[str, type[CallError]], str] = {
    ("GetNamespace", NotFound): NAMESPACES,
    ("DeleteNamespace", NotFound): NAMESPACES,
    ("DeleteNamespace", DeadlineExceeded): NAMESPACES,
    ("CreateNamespace", AlreadyExists): "choose another name, or delete that one first: prismctl namespace delete",
    ("CreateNamespace", FailedPrecondition): PEERS,
    ("CreateNamespace", DeadlineExceeded): PEERS,
    ("Launch", DeadlineExceeded): PROCESSES,
    ("Launch", FailedPrecondition): PROCESSES,
    ("Launch", NotFound): "patterns are what the launcher found in its folder when it started: prismctl local logs",
    ("Terminate", NotFound): PROCESSES,
    **{(call, Unavailable): "see: prismctl namespace list, prismctl pattern list" for call in DATA_CALLS},
    **{(call, DeadlineExceeded): "see: prismctl pattern list" for call in DATA_CALLS},
    ("Set", Refused): "delete some keys, or ask for more room: prismctl namespace create NAME --set max_keys=N",
}


def line(error: PrismError) -> str:
    """Return one line that says what went wrong and what to do about it."""
    said = " ".join(str(error).split())
    if not isinstance(error, CallError):
        return said
    told = ADVICE.get((error.method, type(error)), "")
    return f"{said}; {told}" if told else said
