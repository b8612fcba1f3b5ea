"""How a program fails to start or to go on; the exit code belongs to the error.

PrismError
├── UsageError
│   └── BadConfiguration   64, with every error found
└── WorldError
    ├── AddressTaken       71
    ├── DeadNotifySocket   69
    └── CannotWork         69, a peer or a file with which the program can never work
"""

from prism_stack.errors import UsageError, WorldError


class BadConfiguration(UsageError):
    """What was asked for makes no sense; every reason is told at once."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = tuple(reasons)


class AddressTaken(WorldError):
    """The address to listen on cannot be had."""

    exit_code = 71

    def __init__(self, address: str) -> None:
        super().__init__(
            f"cannot listen on {address}; stop what holds it, or choose another address (port 0 takes a free one)"
        )
        self.address = address


class DeadNotifySocket(WorldError):
    """Nobody listens where the program was told to say that it is ready."""

    def __init__(self, socket: str, cause: OSError) -> None:
        super().__init__(
            f"cannot notify {socket}: {cause}; start the program with a live NOTIFY_SOCKET, or without one"
        )
        self.socket = socket


class CannotWork(WorldError):
    """Something that the program needs is there, and unfit for ever."""
