"""A till that opens for nobody: it answers every GET that it is not ready, for its bank is away."""

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    """Answers every GET."""

    def do_GET(self) -> None:
        """Say that it is not ready."""
        self.send_response(503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Write nothing: it is asked often."""


sys.stdout.write("waiting for the bank\n")
sys.stdout.flush()
HTTPServer((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()
