"""Refuses a test whose marks name run stacks, in a project that declares none."""

from __future__ import annotations

import pytest

from ziggurat.errors import UnknownName
from ziggurat.run.using import demand_of


class Undeclared:
    """A plugin of pytest for a run in which some test names a run stack, and nobody gives any out."""

    @pytest.hookimpl
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Fail such a test as a name is refused that is none of those declared."""
        try:
            demand_of(item).wants(())
        except UnknownName as error:
            pytest.fail(str(error), pytrace=False)
