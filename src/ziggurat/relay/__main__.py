"""Run the relay, from this folder's path: without site-packages, like the keeper.

Usage: __main__.py CONTROL_FOLDER (LISTEN TARGET)…, addresses as HOST:PORT, the links in the order of their numbers.
"""

import os
import sys

if not __package__:
    # Last on the path, so that no module beside the package can stand in for one of the standard library.
    sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))  # noqa: PTH100, PTH120

from ziggurat.relay.program import main

if __name__ == "__main__":
    main(sys.argv[1:])
