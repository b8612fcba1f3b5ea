"""A web server at HOST:PORT whose every answer is of one status; it has to be asked three times before it is well.

Usage: serve_http.py HOST:PORT STATUS
"""

import itertools
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

host, _, port = sys.argv[1].rpartition(":")
status = int(sys.argv[2])
asked = itertools.count(1)
UNAVAILABLE, WELL_AT = 503, 3


class Handler(BaseHTTPRequestHandler):
    """Answers every GET."""

    def do_GET(self) -> None:
        """Answer unwell the first times, then with the status."""
        self.send_response(status if next(asked) >= WELL_AT else UNAVAILABLE)
        self.end_headers()


HTTPServer((host, int(port)), Handler).serve_forever()
