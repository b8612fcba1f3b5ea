"""The page of the promises names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[3] / "docs"
LINKS = re.findall(r"\]\(([^)#:]+)\)", (DOCS / "promises.md").read_text())


@pytest.mark.parametrize("link", sorted(set(LINKS)))
def test_what_a_promise_links_to_is_there(link: str) -> None:
    """A test that was renamed no longer holds what the page says."""
    assert (DOCS / link).exists()
