"""The way from `main` to the exit code, and the gRPC server that a program listens with."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import grpc

from prism_stack.errors import PrismError
from prism_stack.process import dump, logs
from prism_stack.process.errors import AddressTaken, BadConfiguration
from prism_stack.process.identity import Program
from prism_stack.process.settings import Options, choice, positive_duration
from prism_stack.process.stopping import Stop

Settings = TypeVar("Settings")

EXIT_INTERNAL = 70
SERVER_OPTIONS = (
    # By default two servers bind one port without an error, and the kernel splits the calls between them.
    ("grpc.so_reuseport", 0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """The settings of every program."""

    drain_timeout: timedelta
    log_format: str
    log_level: str


def read_common(options: Options) -> Common:
    """Take the options that every program has."""
    return Common(
        drain_timeout=options.one("drain-timeout", positive_duration, "30s", "How long a drain may take"),
        log_format=options.one("log-format", choice("text", "json"), "text", "How a log line is written"),
        log_level=options.one("log-level", choice(*logs.LEVELS), "info", "What is logged"),
    )


def run(program: Program, read: Callable[[Options], Settings], serve: Callable[[Settings, Common, Stop], None]) -> int:
    """Read the configuration, serve until asked to stop, and return the exit code.

    An error is printed once, on stderr; its exit code is its own.
    """
    try:
        options = Options(sys.argv[1:], os.environ)
        settings, common = read(options), read_common(options)
        if asked := _asked(program, options):
            print(asked)  # noqa: T201 - it is what was asked for
            return 0
        options.finish()
        logs.start(common.log_format, common.log_level)
        with Stop(tell=lambda: dump.write(program.name)) as stop:
            stop.listen()
            serve(settings, common, stop)
    except BadConfiguration as error:
        _complain(program, *error.reasons, "see --help")
        return error.exit_code
    except PrismError as error:
        _complain(program, str(error))
        return error.exit_code
    except Exception:
        logging.getLogger(program.name).exception("internal error")
        return EXIT_INTERNAL
    return 0


def bind(server: grpc.Server, address: str) -> str:
    """Listen on an address and return the bound one, or raise `AddressTaken`."""
    host = address.rpartition(":")[0]
    try:
        port = server.add_insecure_port(address)
    except RuntimeError as error:
        raise AddressTaken(address) from error
    if not port:
        raise AddressTaken(address)
    return f"{host}:{port}"


def new_server(executor: ThreadPoolExecutor, *handlers: grpc.GenericRpcHandler) -> grpc.Server:
    """Return a server that shares its port with nobody; its calls run on the executor."""
    return grpc.server(executor, handlers=list(handlers), options=SERVER_OPTIONS)


def _asked(program: Program, options: Options) -> str:
    if options.asks("help"):
        return _help(program, options)
    if options.asks("version"):
        return program.version_text(as_json=options.asks("json"))
    if options.asks("print-config"):
        options.finish()
        return "\n".join(f"{setting.name} = {setting.shown} ({setting.source})" for setting in options.settings)
    return ""


def _help(program: Program, options: Options) -> str:
    lines = [f"{program.name}: {program.about}", ""]
    lines += [
        f"  --{setting.name:<20} {setting.help} [default {setting.default or 'none'}, {setting.variable}]"
        for setting in options.settings
    ]
    lines += ["", "  --print-config, --version [--json], --help"]
    return "\n".join(lines)


def _complain(program: Program, *lines: str) -> None:
    for line in lines:
        print(f"{program.name}: {line}", file=sys.stderr)  # noqa: T201 - before and after there are logs
