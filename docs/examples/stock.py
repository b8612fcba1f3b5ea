"""A service that answers orders; `die` kills it and `wait` is never answered."""

import os
import signal
import socket
import sys

waiting: list[socket.socket] = []


def tell(*_: object) -> None:
    """Tell on SIGQUIT what it is doing."""
    sys.stdout.write(f"dump of stock\n  {len(waiting)} orders wait\nend of dump\n")
    sys.stdout.flush()


def serve(link: socket.socket) -> None:
    """Answer one order."""
    what = link.recv(100).decode().strip()
    sys.stdout.write(f"ordered: {what}\n")
    sys.stdout.flush()
    if what == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "wait":
        waiting.append(link)
        return
    link.sendall(b"here it is\n")
    link.close()


signal.signal(signal.SIGQUIT, tell)
with socket.create_server((sys.argv[1], int(sys.argv[2]))) as server:
    sys.stdout.write(f"listening on {sys.argv[1]}:{sys.argv[2]}\n")
    sys.stdout.flush()
    while True:
        serve(server.accept()[0])
