"""Run the warden, which forks the keeper, from this folder's path."""

import os
import sys

if not __package__:
    # Started by path: nothing of the package is importable until its folder has a parent on the path. It goes last,
    # so that no module beside the folder can stand in for one of the standard library.
    sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    __package__ = "keeper"
    __import__(__package__)

from .warden import main

if __name__ == "__main__":
    main(sys.argv[1:])
