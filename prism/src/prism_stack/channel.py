"""gRPC channels as everything here opens them."""

from collections.abc import Callable

import grpc

CHANNEL_OPTIONS: tuple[tuple[str, int], ...] = (
    # A proxy variable of the environment would capture even calls to the loopback.
    ("grpc.enable_http_proxy", 0),
    # One client's backoff must not delay another's first call.
    ("grpc.use_local_subchannel_pool", 1),
    # The library's own backoff begins at a second; a restart here takes a few milliseconds.
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 200),
    # In spite of its name, what one attempt to connect may take: a busy machine needs more than a backoff. Measured
    # from 50 ms to here, clients come back after a restart equally soon.
    ("grpc.min_reconnect_backoff_ms", 2000),
    # Values that fitted one by one may together be more than any limit set here.
    ("grpc.max_receive_message_length", -1),
)


wrappers: list[Callable[[grpc.Channel], grpc.Channel]] = []
"""Put around each channel that is opened, the first innermost: for tests that want to see every call."""


def open_channel(address: str) -> grpc.Channel:
    """Return a channel to host:port; it connects with its first call, and the caller closes it."""
    channel = grpc.insecure_channel(address, options=CHANNEL_OPTIONS)
    for wrap in wrappers:
        channel = wrap(channel)
    return channel
