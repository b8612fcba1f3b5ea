"""A web server at HOST:PORT that answers the first GET, and then deadlocks: two threads wait for each other's lock."""

import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from speaking import notify

host, _, port = sys.argv[1].rpartition(":")
first, second = threading.Lock(), threading.Lock()
met = threading.Barrier(2)


def take(one: threading.Lock, other: threading.Lock) -> None:
    """Take one lock and, when somebody else has taken the other, wait for that."""
    with one:
        met.wait()
        with other:
            pass


class Handler(BaseHTTPRequestHandler):
    """Answers one GET."""

    answered = False

    def do_GET(self) -> None:
        """Answer, or wait for ever."""
        if Handler.answered:
            threading.Thread(target=take, args=(first, second), daemon=True).start()
            take(second, first)
        Handler.answered = True
        self.send_response(200)
        self.end_headers()


server = HTTPServer((host, int(port)), Handler)
notify("READY=1")
server.serve_forever()
