"""Channels that answer from a script, since the unit tier has no network."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest

if TYPE_CHECKING:
    import grpc
    from google.protobuf.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A call as a channel saw it."""

    address: str
    path: str
    request: "Message"
    timeout: float
    metadata: tuple[tuple[str, str], ...]


@dataclass
class ScriptedNetwork:
    """Answers the calls to each address with what its script says next, or goes on with its last entry."""

    scripts: dict[str, list["Message | Exception"]] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    on_call: Callable[[], None] = lambda: None

    def answer(self, address: str, *script: "Message | Exception") -> None:
        """Say what the calls to an address get."""
        self.scripts[address] = list(script)

    def connect(self, address: str) -> "grpc.Channel":
        """Open a channel to an address."""
        self.opened.append(address)
        return cast("grpc.Channel", ScriptedChannel(self, address))


class ScriptedChannel:
    """The two methods of a channel that generated stubs and their owner use."""

    def __init__(self, network: ScriptedNetwork, address: str) -> None:
        self._network = network
        self._address = address

    def unary_unary(self, path: str, **_serializers: object) -> Callable[..., Any]:
        """Return what makes the calls of a path."""

        def call(request: "Message", *, timeout: float, metadata: tuple[tuple[str, str], ...]) -> "Message":
            network, address = self._network, self._address
            network.sent.append(Sent(address=address, path=path, request=request, timeout=timeout, metadata=metadata))
            network.on_call()
            script = network.scripts[address]
            answer = script.pop(0) if len(script) > 1 else script[0]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call

    def close(self) -> None:
        """Note that the owner closed it."""
        self._network.closed.append(self._address)


@pytest.fixture
def network() -> ScriptedNetwork:
    """Addresses that answer from a script."""
    return ScriptedNetwork()


@pytest.fixture
def ended() -> Callable[[str, str], Exception]:
    """Makes the error with which gRPC ends a call: by the name of its status, with details."""
    import grpc

    class Ended(grpc.RpcError):
        def __init__(self, status: str, details: str) -> None:
            self._ending = grpc.StatusCode[status], details

        def code(self) -> grpc.StatusCode:
            return self._ending[0]

        def details(self) -> str:
            return self._ending[1]

    # As the errors of a real call are both, although their types cannot be.
    grpc.Call.register(Ended)
    return Ended
