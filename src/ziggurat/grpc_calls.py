"""Notes each call of a gRPC channel; imported only where gRPC is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc

from ziggurat.calls import BOOK, CallBook

if TYPE_CHECKING:
    from collections.abc import Callable

    Continuation = Callable[[grpc.ClientCallDetails, Any], Any]


def watch(channel: grpc.Channel, book: CallBook = BOOK) -> grpc.Channel:
    """Return a channel whose calls stand in the timeline of a test that fails.

    >>> channel = watch(grpc.insecure_channel(address))  # doctest: +SKIP
    """
    return grpc.intercept_channel(channel, CallWatcher(book))


class CallWatcher(
    grpc.UnaryUnaryClientInterceptor,
    grpc.UnaryStreamClientInterceptor,
    grpc.StreamUnaryClientInterceptor,
    grpc.StreamStreamClientInterceptor,
):
    """Notes begin and end of each call; what the call does is not touched."""

    def __init__(self, book: CallBook) -> None:
        """Write into a book."""
        self._book = book

    def intercept_unary_unary(
        self, continuation: Continuation, client_call_details: grpc.ClientCallDetails, request: object
    ) -> Any:  # noqa: ANN401 - whatever gRPC returns
        """Watch a call of one request and one response."""
        return self._watched(continuation, client_call_details, request)

    def intercept_unary_stream(
        self, continuation: Continuation, client_call_details: grpc.ClientCallDetails, request: object
    ) -> Any:  # noqa: ANN401 - whatever gRPC returns
        """Watch a call of one request and a stream of responses."""
        return self._watched(continuation, client_call_details, request)

    def intercept_stream_unary(
        self, continuation: Continuation, client_call_details: grpc.ClientCallDetails, request_iterator: object
    ) -> Any:  # noqa: ANN401 - whatever gRPC returns
        """Watch a call of a stream of requests and one response."""
        return self._watched(continuation, client_call_details, request_iterator)

    def intercept_stream_stream(
        self, continuation: Continuation, client_call_details: grpc.ClientCallDetails, request_iterator: object
    ) -> Any:  # noqa: ANN401 - whatever gRPC returns
        """Watch a call of two streams."""
        return self._watched(continuation, client_call_details, request_iterator)

    def _watched(self, continuation: Continuation, details: grpc.ClientCallDetails, request: object) -> Any:  # noqa: ANN401 - whatever gRPC returns
        number = self._book.begin(_text(details.method), details.timeout)
        try:
            call = continuation(details, request)
        except BaseException as error:
            self._book.end(number, type(error).__name__, str(error))
            raise
        call.add_done_callback(lambda ended: self._book.end(number, _status(ended), _text(ended.details() or "")))
        return call


def _status(call: Any) -> str:  # noqa: ANN401 - several classes of gRPC, one interface
    code = call.code()
    return code.name if code is not None else "UNKNOWN"


def _text(words: str | bytes) -> str:
    return words.decode(errors="replace") if isinstance(words, bytes) else words
