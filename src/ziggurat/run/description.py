"""The description of a run stack, looked up once, with the surroundings of that moment."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING

from ziggurat.surroundings import Surroundings

if TYPE_CHECKING:
    from ziggurat.run.declared import Declared
    from ziggurat.startup import Planned


class Description:
    """What is to be started.

    Where tests run in the process that starts it, it is looked up between them: a test may have changed the
    process's variables and its working folder for a while.
    """

    def __init__(self, declared: Declared) -> None:
        """Look nothing up yet."""
        self.name = declared.name
        self._declared = declared
        self._found: Future[tuple[Planned, Surroundings]] = Future()

    def look(self) -> None:
        """Look it up, unless that was done; what goes wrong is kept for who takes it."""
        if self._found.done():
            return
        try:
            self._found.set_result((self._declared.load(), Surroundings.present()))
        except Exception as error:  # noqa: BLE001 - a stack's description is the user's code
            self._found.set_exception(error)

    def take(self) -> tuple[Planned, Surroundings]:
        """Return it, or raise what went wrong."""
        self.look()
        return self._found.result()
