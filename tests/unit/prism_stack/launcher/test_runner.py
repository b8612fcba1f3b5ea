"""The request to stop: what a process says to it, and what is made of one that says nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self, cast

import grpc
import pytest

from prism.interfaces.lifecycle_pb2 import StopRequest, StopResponse
from prism_stack.launcher.runner import Stopped, ask_to_stop


@dataclass
class Runner:
    """A channel whose other end answers from a script."""

    answer: StopResponse | Exception
    headers: tuple[tuple[str, str], ...] = ()
    trailers: tuple[tuple[str, str], ...] = ()
    asked: list[tuple[StopRequest, float, tuple[tuple[str, str], ...]]] = field(default_factory=list)
    closed: bool = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.closed = True

    def unary_unary(self, path: str, **_serializers: object) -> Runner:
        """Return what makes the calls of a path."""
        del path
        return self

    def with_call(self, request: StopRequest, *, timeout: float, metadata: Any) -> tuple[StopResponse, Runner]:  # noqa: ANN401
        """Answer a call."""
        self.asked.append((request, timeout, metadata))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer, self

    def initial_metadata(self) -> tuple[tuple[str, str], ...]:
        """Return the headers of the answer."""
        return self.headers

    def trailing_metadata(self) -> tuple[tuple[str, str], ...]:
        """Return the trailers of the answer."""
        return self.trailers


def stop(runner: Runner, grace: float = 5.0, *, purge: bool = False) -> Stopped:
    """Ask it to stop."""
    return ask_to_stop("here:1", grace, purge=purge, connect=lambda _: cast("grpc.Channel", runner))


def test_it_gets_whole_seconds_and_the_call_its_grace() -> None:
    """At least one: 0 would be the runner's own default."""
    runner = Runner(StopResponse(success=True))
    assert stop(runner, 2.7) == Stopped(drained=True)
    stop(runner, 0.5)

    assert [(request.timeout_seconds, timeout) for request, timeout, _ in runner.asked] == [(2, 2.7), (1, 0.5)]
    assert runner.closed


@pytest.mark.parametrize("where", ["headers", "trailers"])
def test_the_number_of_keys_is_taken_from_either_end_of_the_answer(where: str) -> None:
    """It is asked for only where the keys are to go."""
    runner = Runner(StopResponse(success=True))
    setattr(runner, where, (("x-prism-keys-removed", "7"),))

    assert stop(runner, purge=True) == Stopped(drained=True, keys_removed=7)
    stop(runner)
    assert [metadata for _, _, metadata in runner.asked] == [(("x-prism-purge", "1"),), ()]


def test_a_no_is_told_with_its_reason() -> None:
    """Also where it gives none."""
    assert stop(Runner(StopResponse(error="no redis"))) == Stopped(drained=False, reason="no redis")
    assert stop(Runner(StopResponse())) == Stopped(drained=False, reason="it did not say why")


def test_a_call_that_fails_is_told_with_its_status(ended: Callable[[str, str], Exception]) -> None:
    """Away, or too late."""
    runner = Runner(ended("UNAVAILABLE", "connection refused"))

    assert stop(runner) == Stopped(drained=False, reason="UNAVAILABLE: connection refused")
    assert runner.closed
