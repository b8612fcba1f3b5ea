"""Calls of a watched channel, each with its end; the server is a real one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from ziggurat import wait_until
from ziggurat.calls import Call, CallBook
from ziggurat.grpc_calls import watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Channel = Any
"""The stubs of gRPC take no calls without serializers."""


def answer(request: bytes, context: grpc.ServicerContext) -> bytes:
    """Answer, or end the call as it asks."""
    if request == b"fail":
        context.abort(grpc.StatusCode.NOT_FOUND, "no such thing")
    return request


class Echo(grpc.GenericRpcHandler):
    """Serves calls of all four kinds, by the method's name."""

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any] | None:
        """Return the handler of a method."""
        handlers: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
            "/echo/One": grpc.unary_unary_rpc_method_handler(answer),
            "/echo/Down": grpc.unary_stream_rpc_method_handler(lambda request, _: iter([request] * 3)),
            "/echo/Up": grpc.stream_unary_rpc_method_handler(lambda requests, _: b"".join(requests)),
            "/echo/Both": grpc.stream_stream_rpc_method_handler(lambda requests, _: requests),
        }
        return handlers.get(handler_call_details.method)


@pytest.fixture
def book() -> CallBook:
    """The book of this test's calls."""
    return CallBook()


@pytest.fixture
def channel(book: CallBook) -> Iterator[Channel]:
    """A watched channel to a server that echoes."""
    with ThreadPoolExecutor(4) as executor:
        server = grpc.server(executor, handlers=[Echo()], options=[("grpc.so_reuseport", 0)])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        with watch(grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.enable_http_proxy", 0)]), book) as opened:
            yield opened
        server.stop(None).wait()


def ended(book: CallBook) -> Call:
    """Return the one call, once its end was told: gRPC does so from another thread."""
    wait_until(lambda: book.calls() and book.calls()[0].status, seconds=5, what="the end of the call")
    (call,) = book.calls()
    return call


def test_a_call_is_noted_with_its_deadline(channel: Channel, book: CallBook) -> None:
    """And returns what it would return."""
    assert channel.unary_unary("/echo/One")(b"x", timeout=5) == b"x"

    call = ended(book)
    assert (call.method, call.status, call.deadline) == ("/echo/One", "OK", 5)


def test_a_failed_call_is_noted_and_raises_as_ever(channel: Channel, book: CallBook) -> None:
    """With the server's words."""
    with pytest.raises(grpc.RpcError) as raised:
        channel.unary_unary("/echo/One")(b"fail")

    assert raised.value.code() is grpc.StatusCode.NOT_FOUND
    call = ended(book)
    assert (call.status, call.details, call.deadline) == ("NOT_FOUND", "no such thing", None)


def test_a_call_that_goes_on_behind_is_noted(channel: Channel, book: CallBook) -> None:
    """A future."""
    assert channel.unary_unary("/echo/One").future(b"x").result(5) == b"x"

    assert ended(book).status == "OK"


STREAMS: dict[str, Callable[[Channel], object]] = {
    "Down": lambda channel: list(channel.unary_stream("/echo/Down")(b"x")),
    "Up": lambda channel: channel.stream_unary("/echo/Up")(iter([b"x", b"y"])),
    "Both": lambda channel: list(channel.stream_stream("/echo/Both")(iter([b"x", b"y"]))),
}


@pytest.mark.parametrize("kind", STREAMS)
def test_a_stream_is_noted_at_its_end(channel: Channel, book: CallBook, kind: str) -> None:
    """Of each kind."""
    assert STREAMS[kind](channel)

    call = ended(book)
    assert (call.method, call.status) == (f"/echo/{kind}", "OK")


def test_a_stream_is_under_way_until_its_end(channel: Channel, book: CallBook) -> None:
    """And a cancelled one ends as such."""
    stream = channel.unary_stream("/echo/Down")(b"x")
    next(stream)
    assert book.calls()[0].status == ""
    stream.cancel()

    assert ended(book).status == "CANCELLED"
