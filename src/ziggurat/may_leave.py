"""Which processes may be left behind: regular expressions on commands, from a setting and from tests' marks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ziggurat.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest

SETTING = "ziggurat_may_leave"
MARKER = "may_leave"


def patterns(where: str, expressions: Iterable[object]) -> list[re.Pattern[str]]:
    """Return expressions compiled; raise ``SpecError``, which names where they stand, for what is none."""
    return [_compiled(where, expression) for expression in expressions]


def of_marks(item: pytest.Item) -> list[re.Pattern[str]]:
    """Return what a test's marks allow; one without arguments allows everything."""
    return patterns(MARKER, (pattern for mark in item.iter_markers(MARKER) for pattern in mark.args or ("",)))


def _compiled(where: str, expression: object) -> re.Pattern[str]:
    text = expression.pattern if isinstance(expression, re.Pattern) else expression
    if not isinstance(text, str):
        message = f"{where}: {expression!r} is no regular expression but {type(text).__name__}"
        raise SpecError(message)
    try:
        return expression if isinstance(expression, re.Pattern) else re.compile(text)
    except (re.error, OverflowError) as error:
        message = f"{where}: {text!r} is no regular expression: {error}"
        raise SpecError(message) from error
