"""One key-value call at a time over a blocking socket: the same answered call ends every start that is measured."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from prism_stack.stacks import KEYVALUE_SERVICE
from ziggurat.grpc_call import Calls

if TYPE_CHECKING:
    from ziggurat.grpc_call import Answer
    from ziggurat.spec import Endpoint

GET = f"/{KEYVALUE_SERVICE}/Get"
GET_K = b"\x0a\x01k"
"""A GetRequest for the key `k`."""
SECONDS = 5.0
CHUNK = 65536


class Connection:
    """A connection to a data port."""

    def __init__(self, endpoint: Endpoint) -> None:
        """Connect, or raise ``OSError``."""
        self._socket = socket.create_connection((endpoint.host, endpoint.port), timeout=SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._calls = Calls(GET, str(endpoint))

    def get(self) -> Answer:
        """Make one call and return its outcome, or raise ``OSError``."""
        self._calls.ask(GET_K)
        answer = None
        while answer is None:
            self._socket.sendall(self._calls.to_send())
            data = self._socket.recv(CHUNK)
            if not data:
                raise ConnectionError("closed before the call was answered")
            answer = self._calls.receive(data)
        return answer

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


class FirstAnswer:
    """Looks whether an endpoint answers a call yet."""

    def __init__(self, endpoint: Endpoint) -> None:
        """Look at this endpoint."""
        self._endpoint = endpoint
        self._connection: Connection | None = None

    def came(self) -> bool:
        """Connect where there is no connection yet, and call once."""
        try:
            self._connection = self._connection or Connection(self._endpoint)
            return self._connection.get().message is not None
        except OSError:
            self.close()
            return False

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection:
            self._connection.close()
            self._connection = None
