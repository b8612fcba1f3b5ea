"""Many tests over one stack of the run: run by pytest with eight workers, not collected with the suite.

Each appends `begin TEST WORKER` to the file named by SHARED, asks the service who it is, stays a moment, and appends
`end TEST WORKER SERVICE`. SHARED also holds how many tests there are and how long each stays.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

from bench.torture.life import program
from ziggurat import FREE, Http, Notify, Service, Stack

if TYPE_CHECKING:
    from ziggurat import RunningStack

FILE, COUNT, SECONDS = os.environ.get("SHARED", "nowhere 1 0").split()
WEB = program("serve_http", "{http}", "200")
SHOP = Stack(
    name="shop",
    services=(
        Service(name="web", command=WEB, ports={"http": FREE}, ready=Http(endpoint="http")),
        Service(name="beside", command=program("serve", "{http}"), ports={"http": FREE}, ready=Notify()),
    ),
)


def tell(*words: object) -> None:
    """Append a line in one write."""
    with Path(FILE).open("a") as file:
        file.write(" ".join(map(str, words)) + "\n")


@pytest.mark.parametrize("number", range(int(COUNT)))
def test_shared(shop: RunningStack, number: int) -> None:
    """Use the stack, as the others do at the same time."""
    tell("begin", number, os.getpid())
    # Raises for every status that is no success.
    urlopen(f"http://{shop.address('web.http')}", timeout=30).close()
    time.sleep(float(SECONDS))
    tell("end", number, os.getpid(), shop["web"].pid)
