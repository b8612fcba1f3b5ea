"""A process as a launcher wants it, without data: it handshakes, sends heartbeats, and stops when it is asked to.

It writes down what it hears. The words before its options make it misbehave:

    stubborn     ignores SIGTERM, and lets a request to stop wait
    unwell       says that it is degraded
    daemon       has a descendant in a session of its own, whose parent is gone, and writes down its pid
    removes=N    says with its stop that N keys went, where the caller wants them to go
    breaks=TEXT  refuses to stop with this text
    exits=CODE   exits by itself as soon as it has been heard of

Usage: speak_launcher.py [WORD...] --listen HOST:PORT --launcher HOST:PORT --process-id ID
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf.json_format import MessageToDict
from speaking import say

from prism.interfaces.lifecycle_pb2 import HEALTH_STATUS_DEGRADED, HEALTH_STATUS_HEALTHY, StopRequest, StopResponse
from prism.launcher.launcher_control_pb2 import (
    ProcessHandshakeRequest,
    ProcessHeartbeatRequest,
    ProcessStoppingRequest,
)
from prism.launcher.launcher_control_pb2_grpc import LauncherControlStub

if TYPE_CHECKING:
    from collections.abc import Callable

CALL_SECONDS = 5
AWAY_SECONDS = 0.02
FOR_EVER = threading.Event()

options = dict(zip(sys.argv[-6::2], sys.argv[-5::2], strict=True))
words = dict(word.partition("=")[::2] for word in sys.argv[1:-6])
stop = threading.Event()
process_id, token = options["--process-id"], os.environ["PRISM_LAUNCH_TOKEN"]


def asked_to_stop(request: StopRequest, context: grpc.ServicerContext) -> StopResponse:
    """Say yes and stop, or what the words have for it."""
    purge = ("x-prism-purge", "1") in context.invocation_metadata()
    say("asked to stop", request.timeout_seconds, "purge" if purge else "")
    if "stubborn" in words:
        FOR_EVER.wait()
    if "breaks" in words:
        return StopResponse(success=False, error=words["breaks"])
    if purge:
        context.set_trailing_metadata((("x-prism-keys-removed", words.get("removes", "0")),))
    stop.set()
    return StopResponse(success=True)


def call(method: Callable[..., Any], request: object) -> Any:  # noqa: ANN401 - each method has an answer of its own
    """Make a call again and again while the launcher is away; whatever else it says is final."""
    while not stop.is_set():
        try:
            return method(request, timeout=CALL_SECONDS)
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.UNAVAILABLE:
                say("refused", error.code().name, error.details())
                sys.exit(69)
            stop.wait(AWAY_SECONDS)
    return None


def live(launcher: LauncherControlStub) -> None:
    """Handshake, and be heard of until it is to stop."""
    here = options["--listen"]
    greeting = ProcessHandshakeRequest(
        process_id=process_id, launch_token=token, pid=os.getpid(), data_endpoint=here, control_endpoint=here
    )
    welcome = call(launcher.ProcessHandshake, greeting)
    if welcome is None:
        return
    say("greeted", welcome.namespace, MessageToDict(welcome.config), addresses(welcome.proxies))
    status = HEALTH_STATUS_DEGRADED if "unwell" in words else HEALTH_STATUS_HEALTHY
    details = {"message": "as I was told"} if "unwell" in words else {}
    while not stop.is_set():
        answer = call(
            launcher.ProcessHeartbeat,
            ProcessHeartbeatRequest(process_id=process_id, launch_token=token, status=status, details=details),
        )
        say("heard", addresses(answer.proxies) if answer else "nothing")
        if "exits" in words:
            say("that is all")
            os._exit(int(words["exits"]))
        stop.wait(welcome.heartbeat_interval_ms / 1000)


def addresses(proxies: Any) -> str:  # noqa: ANN401 - a repeated field
    """Return proxies on one line."""
    return ",".join(f"{proxy.proxy_id}={proxy.control_endpoint}" for proxy in proxies)


def leave_daemon() -> None:
    """Fork twice, into a session of its own; before any thread is there."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    say("daemon", os.getpid())
    while True:
        signal.pause()


def ignore(number: int, _: object) -> None:
    """Write down that a signal came."""
    say("ignored", signal.Signals(number).name)


def obey(number: int, _: object) -> None:
    """Write down that a signal came, and stop."""
    say("got", signal.Signals(number).name)
    stop.set()


if "daemon" in words:
    leave_daemon()
signal.signal(signal.SIGTERM, ignore if "stubborn" in words else obey)
lifecycle: dict[str, grpc.RpcMethodHandler[StopRequest, StopResponse]] = {
    "Stop": grpc.unary_unary_rpc_method_handler(asked_to_stop, StopRequest.FromString, StopResponse.SerializeToString)
}
handlers = [grpc.method_handlers_generic_handler("prism.interfaces.LifecycleInterface", lifecycle)]
server = grpc.server(ThreadPoolExecutor(4), handlers=handlers, options=[("grpc.so_reuseport", 0)])
server.add_insecure_port(options["--listen"])
server.start()
with grpc.insecure_channel(options["--launcher"], options=[("grpc.enable_http_proxy", 0)]) as channel:
    stub = LauncherControlStub(channel)
    # In a thread: the main one has to be free for signals.
    life = threading.Thread(target=live, args=(stub,))
    life.start()
    life.join()
    say("stops")
    farewell = ProcessStoppingRequest(
        process_id=process_id, launch_token=token, reason="asked to", drained_operations=1
    )
    # A launcher that is away needs to know nothing.
    with suppress(grpc.RpcError):
        stub.ProcessStopping(farewell, timeout=CALL_SECONDS)
server.stop(None).wait()
# The interpreter gives its handlers up before it ends, and whoever asked may send SIGTERM just then.
os._exit(0)
