"""Properties are tried on few examples here, so that the whole tier takes seconds."""

import pytest
from hypothesis import settings

EXAMPLES = 20
"""Enough to find what a change breaks; `--hypothesis-profile=default` tries five times as many."""

settings.register_profile("unit", max_examples=EXAMPLES, deadline=None)


def pytest_configure(config: pytest.Config) -> None:
    """Take the small number unless a profile was asked for."""
    if not config.getoption("--hypothesis-profile", default=None):
        settings.load_profile("unit")
